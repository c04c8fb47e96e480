// Comforts only: every page works without this file.

// A form is sent once, however often the button is pressed; the server would recognise the repeat anyway.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "yes";
  form.classList.add("is-sending");
  form.dataset.dirty = "";
});
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) {
    delete form.dataset.sent;
    form.classList.remove("is-sending");
  }
});

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
  if (form) form.dataset.dirty = "yes";
});
window.addEventListener("beforeunload", (event) => {
  if (document.querySelector('form.form[data-dirty="yes"]')) event.preventDefault();
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

document.querySelector("[data-print]")?.addEventListener("click", () => window.print());

// What was wrong, or changed meanwhile, is read out first.
document.querySelector("#conflict, #errors")?.focus();
document.documentElement.dataset.ready = "yes";
