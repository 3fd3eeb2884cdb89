/** The form of a template: the draft that survives a reload, and the keys. */

import { pictureField, setPicture } from "../library/picture_field.js";

const form = () => document.getElementById("agents");
const text = () => form().elements.namedItem("text");
const picture = () => form().elements.namedItem("picture");

// --- the draft: in this tab only, and not over what the address or a refused form brings ---

function keep() {
  const field = pictureField("picture");
  const draft = { text: text()?.value ?? "", id: picture()?.value ?? "", title: field?.querySelector("[data-picture-title]").textContent, src: field?.querySelector("[data-picture-shown]").getAttribute("src") };
  try {
    sessionStorage.setItem(form().dataset.draft, JSON.stringify(draft));
  } catch {
    // storage is full or blocked: the words are still in the page
  }
}

function recall() {
  let draft;
  try {
    draft = JSON.parse(sessionStorage.getItem(form().dataset.draft));
  } catch {
    return; // storage is blocked, or holds something else
  }
  if (!draft || location.search || form().querySelector(".field--bad")) return;
  if (text() && !text().value) text().value = draft.text;
  if (picture() && !picture().value && draft.id) setPicture(pictureField("picture"), { id: draft.id, title: draft.title, src: draft.src });
}

for (const kind of ["input", "change"]) {
  document.addEventListener(kind, (event) => {
    if (event.target.form !== form()) return;
    const box = event.target.closest(".field--bad");
    box?.classList.remove("field--bad");
    box?.querySelector("[aria-invalid]")?.removeAttribute("aria-invalid");
    for (const error of box?.querySelectorAll(":scope > .field__error") ?? []) error.remove();
    keep();
  });
}

document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || document.querySelector("dialog[open]")) return;
  event.preventDefault();
  if (!event.repeat && !form().querySelector("[data-make]").disabled) form().requestSubmit();
});
document.addEventListener("click", (event) => {
  if (event.target.closest("[data-make]") && event.detail > 1) event.preventDefault(); // the second half of a double click
});
document.addEventListener("htmx:afterSettle", (event) => {
  if (event.detail.xhr?.status !== 422) return;
  form().dataset.ready = "";
  form().querySelector("[aria-invalid], .field--bad button")?.focus();
});

recall();
form().dataset.ready = "";
