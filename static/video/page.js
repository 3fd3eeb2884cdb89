/** The video page: what follows from a setting, the camera, the draft; the posters are in films.js. */

import { open } from "../js/dialogs.js";
import { setPicture, pictureField } from "../library/picture_field.js";
import { Camera } from "./camera.js";
import { Films } from "./films.js";

const LIVE = new Set(["mode", "model", "resolution", "duration", "fast_pretreatment"]);
const NOT_IN_DRAFT = new Set(["csrfmiddlewaretoken", "click"]);
const DRAFT_DELAY_MS = 250;
const words = document.getElementById("video-words").dataset;
const settings = () => document.getElementById("video-settings");
const form = () => document.getElementById("video");
const prompt = () => document.getElementById("id_prompt");
const narrow = matchMedia("(max-width: 63.99rem)");

function placeSettings() {
  (narrow.matches ? document.querySelector("[data-settings-sheet]") : document.getElementById("settings-home")).append(settings());
}
narrow.addEventListener("change", placeSettings);

const say = (text, tone = "ok") => document.dispatchEvent(new CustomEvent("toast", { detail: { text, tone } }));

// --- what follows from a setting: the server knows the table ---

function values() {
  return Object.fromEntries([...new FormData(form())].filter(([name]) => !NOT_IN_DRAFT.has(name) && name !== "prompt"));
}

async function settle() {
  const { mix } = settings().dataset;
  showFrames();
  await htmx.ajax("GET", mix, { source: settings(), target: "#video-mix", swap: "outerHTML", values: values() });
}

function showFrames() {
  const mode = settings().querySelector("[name=mode]:checked")?.value;
  for (const frame of settings().querySelectorAll("[data-modes]")) frame.hidden = !frame.dataset.modes.split(" ").includes(mode);
}

/** A sentence about what was wrong goes when that is changed, or when everything was right. */
function forgive(...boxes) {
  for (const box of boxes) {
    box.classList.remove("field--bad");
    for (const input of box.querySelectorAll("[aria-invalid]")) input.removeAttribute("aria-invalid");
    for (const error of box.querySelectorAll(".field__error:not([data-picture-error])")) error.remove();
  }
}

function count() {
  document.querySelector("[data-count]").textContent = [...prompt().value].length;
}

for (const kind of ["input", "change"]) {
  document.addEventListener(kind, (event) => {
    if (event.target.form !== form()) return;
    const box = event.target.closest(".field--bad, .brief");
    if (box) forgive(box);
    count();
    keepDraftSoon();
    if (kind === "change" && LIVE.has(event.target.name)) settle();
  });
}

document.addEventListener("click", (event) => {
  const example = event.target.closest("[data-example]");
  if (example) {
    prompt().value = example.dataset.example;
    count();
    form().requestSubmit();
  }
  if (event.target.closest("[data-make]") && event.detail > 1) event.preventDefault(); // the second half of a double click
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || document.querySelector("dialog[open]:not(#settings-sheet)")) return;
  event.preventDefault();
  if (!event.repeat && !document.querySelector("[data-make]").disabled) form().requestSubmit();
});

document.addEventListener("htmx:afterRequest", (event) => {
  if (event.target !== form() || event.detail.xhr.status !== 200) return;
  forgive(form(), ...settings().querySelectorAll(".field--bad"));
  document.getElementById("settings-sheet").close();
});
document.addEventListener("htmx:afterSettle", (event) => {
  camera.paint();
  if (event.detail.xhr?.status !== 422) return;
  placeSettings();
  count();
  const wrong = document.querySelector("#video [aria-invalid], #video-settings .field--bad, #video-settings .picture-field:has([data-picture-error]:not([hidden]))");
  if (narrow.matches && wrong?.closest("#video-settings")) open(document.getElementById("settings-sheet"));
  (wrong?.matches("input, textarea") ? wrong : wrong?.querySelector("input:not([type=hidden]), select, button"))?.focus();
});

// --- the draft: nothing that was typed or set is lost over a reload ---

const draftKey = `video:draft:${form().dataset.workspace}`;
let draftTimer = 0;

function keepDraftSoon() {
  clearTimeout(draftTimer);
  draftTimer = setTimeout(keepDraft, DRAFT_DELAY_MS);
}

function keepDraft() {
  clearTimeout(draftTimer);
  draftTimer = 0;
  try {
    localStorage.setItem(draftKey, JSON.stringify({ ...values(), prompt: prompt().value }));
  } catch {
    // no room, or storage is off: the draft lives as long as the page
  }
}
addEventListener("pagehide", () => { if (draftTimer) keepDraft(); });

async function bringDraft() {
  let draft = null;
  try {
    draft = JSON.parse(localStorage.getItem(draftKey));
  } catch {
    // not ours
  }
  if (!draft || "sentHere" in document.querySelector(".videos").dataset) return;
  const { prompt: text = "", ...rest } = draft;
  if (!prompt().value) prompt().value = text;
  await htmx.ajax("GET", settings().dataset.mix, { source: settings(), target: "#video-settings", swap: "outerHTML", values: { ...rest, whole: 1 } });
  placeSettings();
  count();
}

// --- what the posters ask for ---

const camera = new Camera({ prompt, say, changed: () => prompt().dispatchEvent(new Event("input", { bubbles: true })) });
const films = new Films({ say, words });
films.addEventListener("continue", async ({ detail: { picture } }) => {
  const { checked } = settings().querySelector("[name=mode][value=i2v]");
  settings().querySelector("[name=mode][value=i2v]").checked = true;
  setPicture(pictureField("first_frame_image"), picture);
  if (!checked) await settle();
  say(words.continued);
  form().scrollIntoView({ block: "nearest" });
  prompt().focus();
});

placeSettings();
await bringDraft();
count();
camera.paint();
form().dataset.ready = "";
