// Passkeys: the browser makes them and answers with them. The page carries the question as JSON, a hidden field the answer.
// Without this file, or in a browser that knows no passkeys, the forms stay hidden and password and code remain.

const decode = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
const encode = (bytes) =>
  btoa(String.fromCharCode(...new Uint8Array(bytes))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
const decoded = (list) => list?.map((key) => ({ ...key, id: decode(key.id) }));

async function make({ publicKey }) {
  // Always one that opens the door by itself: it asks for finger, face or PIN.
  const selection = { ...publicKey.authenticatorSelection, residentKey: "required", requireResidentKey: true, userVerification: "required" };
  const key = await navigator.credentials.create({
    publicKey: {
      ...publicKey,
      authenticatorSelection: selection,
      challenge: decode(publicKey.challenge),
      user: { ...publicKey.user, id: decode(publicKey.user.id) },
      excludeCredentials: decoded(publicKey.excludeCredentials),
    },
  });
  return answer(key, ["clientDataJSON", "attestationObject"]);
}

async function show({ publicKey }) {
  const key = await navigator.credentials.get({
    publicKey: {
      ...publicKey,
      challenge: decode(publicKey.challenge),
      allowCredentials: decoded(publicKey.allowCredentials),
    },
  });
  return answer(key, ["clientDataJSON", "authenticatorData", "signature", "userHandle"]);
}

const answer = (key, names) => ({
  type: key.type,
  id: key.id,
  rawId: encode(key.rawId),
  response: Object.fromEntries(names.filter((name) => key.response[name]).map((name) => [name, encode(key.response[name])])),
  clientExtensionResults: key.getClientExtensionResults(),
});

const asked = () => JSON.parse(document.getElementById("passkey-options").textContent);
const fetched = async (form) => (await fetch(form.action, { headers: { Accept: "application/json" } })).json();

async function credential(form) {
  if (form.dataset.passkey === "add") return make(asked().creation_options);
  const question = form.dataset.passkey === "door" ? await fetched(form) : asked();
  return show(question.request_options);
}

for (const form of document.querySelectorAll("form[data-passkey]")) {
  if (!window.PublicKeyCredential) continue;
  form.hidden = false;
  const failed = form.querySelector("[data-failed]");
  form.addEventListener("submit", async (event) => {
    if (form.dataset.answered) return;
    event.preventDefault();
    event.stopPropagation();
    failed.hidden = true;
    try {
      form.elements.credential.value = JSON.stringify(await credential(form));
    } catch {
      failed.hidden = false;
      return;
    }
    form.dataset.answered = "yes";
    // What was ticked beside the password counts for the passkey, too.
    for (const box of document.querySelectorAll("[name=own_phone]:checked, [name=shared]:checked")) form.append(Object.assign(box.cloneNode(), { type: "hidden", value: "on" }));
    form.requestSubmit();
  });
}
