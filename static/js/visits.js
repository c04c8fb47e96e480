// Comforts of the visit pages; without this file every part is shown and everything can be saved.

// Only what fits the outcome is shown: the situation if somebody was met, whom to call if it is urgent.
const form = document.querySelector("form[data-visit]");
const chosen = (name) => form.querySelector(`[name="${name}"]:checked`)?.value ?? "";
const show = (selector, wanted) => {
  for (const part of form.querySelectorAll(selector)) part.hidden = !wanted;
};

function fit() {
  const met = ["met", "proxy_met"].includes(chosen("outcome"));
  show("[data-if-met]", met);
  show("[data-urgent]", met && chosen("situation") === "urgent");
  for (const row of form.querySelectorAll(".subform")) {
    const handling = row.querySelector('[name$="-handling"]:checked')?.value;
    const how = row.querySelector("[data-if-on-spot]");
    if (how) how.hidden = handling !== "on_spot";
  }
  const day = form.querySelector('[name="visited_at"]')?.value;
  const late = day && Date.now() - new Date(day) > 7 * 86400e3;
  for (const part of form.querySelectorAll("[data-if-late]")) part.hidden = !late && !part.querySelector(".error");
}

if (form) {
  form.addEventListener("change", fit);
  form.addEventListener("click", () => setTimeout(fit));
  fit();
}

// The note that something is saved goes after ten seconds; taking it back stays possible further down the page.
for (const toast of document.querySelectorAll("[data-fades]")) {
  setTimeout(() => {
    if (!toast.contains(document.activeElement)) toast.hidden = true;
  }, 10_000);
}
