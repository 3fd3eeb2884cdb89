/** Cloning and designing: sound that is brought, ids that are suggested, counters, and a preview that plays when it is there. */

import { SamplePart } from "./sample.js";

const form = () => document.getElementById("clone") ?? document.getElementById("design");

function start() {
  for (const box of document.querySelectorAll("[data-sample-part]:not([data-ready])")) {
    box.dataset.ready = "";
    new SamplePart(box);
  }
  if (form()) form().dataset.ready = "";
  count();
}

function count() {
  for (const box of document.querySelectorAll("[data-count-of]")) {
    const field = document.getElementById(box.dataset.countOf);
    box.textContent = field.type === "range" ? Number(field.value).toFixed(2) : [...field.value].length;
  }
  const range = document.getElementById("id_accuracy");
  range?.style.setProperty("--fill", `${100 * Number(range.value)}%`);
}

document.addEventListener("input", count);
document.addEventListener("change", ({ target }) => {
  if (target.name !== "consent_how") return;
  for (const part of document.querySelectorAll("[data-consent]")) part.hidden = part.dataset.consent !== target.value;
});
document.addEventListener("click", ({ target }) => {
  const taken = target.closest("[data-take-id]");
  if (taken) {
    const field = document.getElementById("id_voice_id");
    field.value = taken.dataset.takeId;
    field.dispatchEvent(new Event("input", { bubbles: true }));
    field.focus();
  }
  const chip = target.closest("[data-describe]");
  if (chip) describe(chip);
});

// A sentence about what was wrong goes when that is changed.
for (const kind of ["input", "change", "sample:change"]) {
  document.addEventListener(kind, ({ target }) => {
    for (const error of target.closest?.(".field--bad, [data-sample-part]")?.querySelectorAll(":scope > .field__error") ?? []) error.remove();
    target.closest?.(".field--bad")?.classList.remove("field--bad");
    target.removeAttribute?.("aria-invalid");
  });
}

document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || document.querySelector("dialog[open]")) return;
  event.preventDefault();
  if (!event.repeat && !document.querySelector("[data-make]").disabled) form().requestSubmit();
});

// --- a description from words ---

function describe(chip) {
  const field = document.getElementById("id_prompt");
  const words = field.value.split(/\s*,\s*/).filter(Boolean);
  const at = words.indexOf(chip.dataset.describe);
  if (at < 0) words.push(chip.dataset.describe);
  else words.splice(at, 1);
  field.value = words.join(", ");
  field.dispatchEvent(new Event("input", { bubbles: true }));
  chips();
}

function chips() {
  const field = document.getElementById("id_prompt");
  if (!field) return;
  const words = new Set(field.value.split(/\s*,\s*/));
  for (const chip of document.querySelectorAll("[data-describe]")) chip.setAttribute("aria-pressed", String(words.has(chip.dataset.describe)));
}
document.addEventListener("input", ({ target }) => target.id === "id_prompt" && chips());

// --- the preview plays when it is there, if it was asked for on this page ---

const asked = new Set();
document.addEventListener("htmx:afterRequest", (event) => {
  if (event.target !== form() || event.detail.xhr.status !== 200) return;
  const id = /id="(job-[\w-]+)"/.exec(event.detail.xhr.responseText)?.[1];
  if (id) asked.add(id);
  document.getElementById(id)?.scrollIntoView({ block: "nearest", behavior: "smooth" });
});
new MutationObserver(() => {
  for (const id of asked) {
    const player = document.getElementById(id)?.querySelector("studio-player");
    if (!player) continue;
    asked.delete(id);
    Promise.resolve(player.play?.()).catch(() => {}); // a browser that wants a press first shows the button
  }
}).observe(document.body, { childList: true, subtree: true });

document.addEventListener("htmx:afterSettle", (event) => {
  start();
  chips();
  if (event.detail.xhr?.status !== 422) return;
  const wrong = form().querySelector("[aria-invalid], .field--bad :is(input, select, textarea), .part--bad :is(button, input)");
  wrong?.focus();
  wrong?.closest("section, details")?.scrollIntoView({ block: "nearest" });
});
start();
chips();
