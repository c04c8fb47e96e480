// Comforts only: every page works without this file.

// A form is sent once, however often the button is pressed; the server would recognise the repeat anyway.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "yes";
  form.dataset.dirty = "";
  form.classList.add("is-sending");
  // A download leaves this page standing, so its form must come back.
  if ("download" in form.dataset) setTimeout(() => release(form), 3000);
});
const release = (form) => {
  delete form.dataset.sent;
  form.classList.remove("is-sending");
};
window.addEventListener("pageshow", () => document.querySelectorAll("form[data-sent]").forEach(release));
document.addEventListener("htmx:afterRequest", (event) => event.target.closest?.("form") && release(event.target.closest("form")));

// Menus close when one clicks elsewhere or presses Escape.
const openMenus = () => document.querySelectorAll("details.menu[open]");
document.addEventListener("click", (event) => {
  for (const menu of openMenus()) if (!menu.contains(event.target)) menu.open = false;
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of openMenus()) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});

// Leaving a long form half-way asks first.
document.addEventListener("input", (event) => {
  const form = event.target.closest("form.form");
  if (form && event.target.type !== "password") form.dataset.dirty = "yes";
});
window.addEventListener("beforeunload", (event) => {
  if (document.querySelector('form.form[data-dirty="yes"]')) event.preventDefault();
});

// Whoever gives the place to somebody else finds what was typed again: it is kept before the page is left.
document.addEventListener("click", async (event) => {
  const link = event.target.closest("a[data-keep]");
  const form = link && document.querySelector('form.form[data-dirty="yes"]');
  if (!form) return;
  event.preventDefault();
  const typed = new URLSearchParams([...new FormData(form)].filter(([, value]) => typeof value === "string"));
  const body = new URLSearchParams({ path: location.pathname, typed, csrfmiddlewaretoken: typed.get("csrfmiddlewaretoken") });
  await fetch(link.dataset.keep, { method: "POST", body }).catch(() => null);
  form.dataset.dirty = "";
  location.assign(link.href);
});

// "Add another" copies the <template> of a formset and counts it in.
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-add-row]");
  if (!button) return;
  event.preventDefault();
  const set = document.getElementById(button.dataset.addRow);
  const total = set.querySelector('[name$="-TOTAL_FORMS"]');
  const template = set.querySelector("template");
  const row = document.createElement("div");
  row.innerHTML = template.innerHTML.replaceAll("__prefix__", total.value);
  for (const field of row.querySelectorAll('input[name$="client_uuid"]')) field.value = crypto.randomUUID?.() ?? "";
  total.value = Number(total.value) + 1;
  const added = [...row.children];
  template.before(...added);
  added[0]?.querySelector("input:not([type=hidden]), textarea, select")?.focus();
});

// Filters apply when chosen; without this their button does it.
document.addEventListener("change", (event) => {
  if (event.target.closest("form[data-auto]")) event.target.form.requestSubmit();
});

// What can only be done for a while (an undo) goes when its time is over: data-expires holds the seconds left.
for (const offer of document.querySelectorAll("[data-expires]")) {
  setTimeout(() => offer.remove(), Number(offer.dataset.expires) * 1000);
}

// The chosen filter or tab slides into sight on a narrow screen.
for (const strip of document.querySelectorAll("nav.filters, .tabs")) {
  const chosen = strip.querySelector("[aria-current]");
  if (chosen) strip.scrollLeft = chosen.offsetLeft - strip.offsetLeft - 48;
}

document.querySelector("[data-print]")?.addEventListener("click", () => window.print());

// What was wrong, or changed meanwhile, is read out first.
document.querySelector("#conflict, #errors")?.focus();
document.documentElement.dataset.ready = "yes";
