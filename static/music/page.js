/** The music page: what follows from a setting, the draft, the lyrics writer's proposals, and two songs side by side. */

import { open } from "../js/dialogs.js";
import { Pair } from "./compare.js";
import { LyricsEditor } from "./lyrics_editor.js";
import { StyleWords } from "./style_words.js";

const rules = JSON.parse(document.getElementById("music-rules").textContent);
const words = document.getElementById("music-words").dataset;
const narrow = matchMedia("(max-width: 63.99rem)");
const KEPT = ["prompt", "lyrics", "title", "model", "words", "format", "sample_rate", "bitrate", "remade_from"];
const SAVE_MS = 400;

const form = () => document.getElementById("music");
const settings = () => document.getElementById("music-settings");
const field = (name) => form().elements.namedItem(name);
let editor, style, saving = 0;

// --- what follows from a setting ---

const limits = () => rules[field("model").value] ?? {};

function refresh() {
  const model = field("model").selectedOptions[0];
  const allowed = limits();
  for (const radio of field("words")) radio.disabled = !(radio.value in allowed);
  if (!(field("words").value in allowed)) field("words").value = "own";
  const who = field("words").value;
  form().dataset.words = who;
  const hint = settings().querySelector("[data-model-says]");
  hint.textContent = "instrumental" in allowed ? "" : "optimizer" in allowed ? hint.dataset.noOptimizer : hint.dataset.noInstrumental;
  for (const name of ["prompt", "lyrics"]) {
    const [, most] = allowed[who]?.[name]?.length ? allowed[who][name] : allowed.own[name];
    const count = [...field(name).value.replace(/\r\n?/g, "\n").trim()].length;
    const box = form().querySelector(`[data-count="${name}"]`);
    box.textContent = count;
    box.parentElement.toggleAttribute("data-over", count > most);
    form().querySelector(`[data-most="${name}"]`).textContent = most;
  }
  for (const part of settings().querySelectorAll("[data-for-format]")) part.hidden = part.dataset.forFormat !== field("format").value;
  style.offerVoices(who !== "instrumental");
  if (!("free" in form().dataset)) document.querySelector("[data-price]").textContent = model.dataset.price;
}

function placeSettings() {
  (narrow.matches ? document.querySelector("[data-settings-sheet]") : document.getElementById("settings-home")).append(settings());
}
narrow.addEventListener("change", placeSettings);

/** A sentence about what was wrong goes when that is changed, or when everything was right. */
function forgive(...boxes) {
  for (const box of boxes) {
    box.classList.remove("field--bad");
    for (const input of box.querySelectorAll("[aria-invalid]")) input.removeAttribute("aria-invalid");
    for (const error of box.querySelectorAll(".field__error")) error.remove();
  }
}

for (const kind of ["input", "change"]) {
  document.addEventListener(kind, (event) => {
    if (event.target.form !== form()) return;
    const box = event.target.closest(".field--bad");
    if (box) forgive(box);
    refresh();
    if (kind === "change" && ["model", "words"].includes(event.target.name)) editor.check();
    clearTimeout(saving);
    saving = setTimeout(save, SAVE_MS);
  });
}
addEventListener("pagehide", save);

document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || document.querySelector("dialog[open]:not(#settings-sheet)")) return;
  event.preventDefault();
  if (!event.repeat && !document.querySelector("[data-make]").disabled) form().requestSubmit();
});

document.addEventListener("htmx:afterRequest", (event) => {
  if (event.target !== form() || event.detail.xhr.status !== 200) return;
  forgive(form(), settings());
  document.getElementById("settings-sheet").close();
});
document.addEventListener("htmx:afterSettle", (event) => {
  if (event.detail.target?.id === "compare-body") return begin();
  markChosen();
  if (event.detail.xhr?.status !== 422) return;
  if (document.getElementById("lyrics-writer")?.open) return showMode();
  placeSettings();
  start();
  const wrong = document.querySelector("#music [aria-invalid], #music .field--bad, #music-settings .field--bad");
  if (narrow.matches && wrong?.closest("#music-settings")) open(document.getElementById("settings-sheet"));
  (wrong?.matches("input, textarea") ? wrong : wrong?.querySelector("input, select, textarea"))?.focus();
});

// --- the draft ---

function state() {
  return Object.fromEntries(KEPT.map((name) => [name, field(name).value]));
}

function apply(given) {
  for (const name of KEPT) if (name in given) field(name).value = given[name];
  if (!field("model").value) field("model").selectedIndex = 0; // a model that is not offered any more
  showRemade();
}

function save() {
  clearTimeout(saving);
  try {
    localStorage.setItem(form().dataset.draft, JSON.stringify({ ...state(), remadeTitle: remadeTitle() }));
  } catch {
    // Storage is full or blocked: the text is still in the page.
  }
}

function recallDraft() {
  let draft;
  try {
    draft = JSON.parse(localStorage.getItem(form().dataset.draft));
  } catch {
    return; // storage is blocked, or holds something else
  }
  if (!draft || typeof draft !== "object") return;
  apply(draft);
  if (draft.remadeTitle) form().querySelector("[data-remade-title]").textContent = draft.remadeTitle;
}

const remadeTitle = () => form().querySelector("[data-remade-title]").textContent;
const showRemade = () => { form().querySelector("[data-remade]").hidden = !field("remade_from").value; };

// --- the lyrics writer ---

let before = null; // the form as it was, until the proposal is undone

/** Lyrics into the form, perhaps with style and title. */
function take(proposal, what) {
  before = state();
  field("words").value = "own";
  form().dataset.words = "own";
  if (what === "all") field("prompt").value = proposal.querySelector("[data-tags]").textContent;
  if (!field("title").value) field("title").value = proposal.dataset.title.slice(0, field("title").maxLength);
  editor.value = proposal.querySelector("[data-lyrics]").textContent;
  field("prompt").dispatchEvent(new Event("input", { bubbles: true }));
  document.querySelector("[data-undo-bar]").hidden = false;
}

function undo() {
  if (!before) return;
  editor.value = before.lyrics;
  apply(before);
  before = null;
  field("prompt").dispatchEvent(new Event("input", { bubbles: true }));
  editor.refresh();
  document.querySelector("[data-undo-bar]").hidden = true;
  field("lyrics").focus();
}

function showMode() {
  const writer = document.getElementById("lyrics-writer-form");
  const edits = writer.elements.mode[1];
  edits.disabled = !editor.value.trim();
  if (edits.disabled && edits.checked) writer.elements.mode[0].checked = true;
  const mode = writer.elements.mode.value;
  for (const part of writer.querySelectorAll("[data-mode-is]")) part.hidden = part.dataset.modeIs !== mode;
  writer.elements.prompt.placeholder = writer.elements.prompt.getAttribute(`data-placeholder-${mode}`);
}

const writerDialog = document.getElementById("lyrics-writer");
if (writerDialog) {
  writerDialog.addEventListener("dialog:open", showMode);
  writerDialog.addEventListener("change", showMode);
  writerDialog.addEventListener("htmx:afterRequest", (event) => {
    if (event.target.id !== "lyrics-writer-form" || event.detail.xhr.status !== 200) return;
    forgive(event.target);
    writerDialog.close();
    document.getElementById("lyrics-proposals").focus();
  });
}

// --- two songs side by side ---

let chosen = "";
let pair = null;
const comparison = document.getElementById("compare");

function markChosen() {
  for (const button of document.querySelectorAll("[data-compare]")) button.setAttribute("aria-pressed", String(button.dataset.compare === chosen));
}

async function showPair(a, b) {
  chosen = "";
  markChosen();
  const query = new URLSearchParams({ a, b });
  await htmx.ajax("GET", `${comparison.dataset.url}?${query}`, { target: "#compare-body", swap: "innerHTML" });
}

function begin() {
  const root = document.querySelector("#compare-body [data-pair]");
  if (!root) return;
  for (const player of document.querySelectorAll("studio-player")) player.pause();
  pair = new Pair(root);
  open(comparison);
}

comparison.addEventListener("keydown", (event) => pair?.key(event));
comparison.addEventListener("close", () => {
  pair?.pause();
  pair = null;
  document.getElementById("compare-body").replaceChildren();
});

document.addEventListener("click", (event) => {
  const { target } = event;
  if (target.closest("[data-make], #lyrics-writer-form [type=submit]") && event.detail > 1) event.preventDefault(); // the second half of a double click
  const example = target.closest("[data-example]");
  if (example) {
    field("prompt").value = example.dataset.example;
    field("words").value = "own";
    editor.value = example.dataset.exampleLyrics;
    field("prompt").dispatchEvent(new Event("input", { bubbles: true }));
    form().requestSubmit();
  }
  if (target.closest("[data-remade-clear]")) {
    field("remade_from").value = "";
    showRemade();
    save();
    field("prompt").focus();
  }
  const taker = target.closest("[data-take]");
  if (taker) take(taker.closest("[data-writing]"), taker.dataset.take);
  if (target.closest("[data-undo]")) undo();
  const ready = target.closest("[data-compare-pair]");
  if (ready) showPair(...ready.dataset.comparePair.split(" "));
  const chooser = target.closest("[data-compare]");
  if (chooser) {
    const { compare } = chooser.dataset;
    if (!chosen) {
      chosen = compare;
      document.dispatchEvent(new CustomEvent("toast", { detail: { text: words.chooseSecond, tone: "info" } }));
    } else if (chosen === compare) chosen = "";
    else return showPair(chosen, compare);
    markChosen();
  }
});

// --- beginning ---

function start() {
  editor = new LyricsEditor(form());
  style = new StyleWords(form());
  showRemade();
  refresh();
  form().dataset.ready = "";
}

placeSettings();
if ("recalled" in words) history.replaceState(history.state, "", location.pathname + location.hash); // a reload brings the draft then
else recallDraft();
start();
if ("recalled" in words) save();
else editor.check();
