/** The images page: what follows from a setting, the reference picture, recall, and the lightbox. */

import { open } from "../js/dialogs.js";
import { pictureField, setPicture } from "../library/picture_field.js";
import { Lightbox } from "./lightbox.js";

const NO_ID = "00000000-0000-0000-0000-000000000000";
const LARGEST_ROLL = 2 ** 31;
const words = document.getElementById("image-words").dataset;
const settings = () => document.getElementById("image-settings");
const form = () => document.getElementById("images");
const field = (name) => form().elements.namedItem(name);
const narrow = matchMedia("(max-width: 63.99rem)");

// --- what follows from a setting ---

function prices() {
  return new Map(settings().dataset.prices.split(" ").filter(Boolean).map((pair) => pair.split("=")));
}

function refresh() {
  const count = document.querySelector("[data-count]");
  if (count) count.textContent = [...field("prompt").value].length;
  const n = Number(field("n").value) || 1;
  const each = prices().get(field("model").value);
  const price = document.querySelector("[data-price]");
  if (!("free" in form().dataset)) price.textContent = each ? usd(Number(each) * n) : price.dataset.unknownWord;
  for (const button of settings().querySelectorAll("[data-step]")) {
    const next = n + Number(button.dataset.step);
    button.disabled = next < Number(field("n").min) || next > Number(field("n").max);
  }
  const model = document.getElementById("id_model")?.selectedOptions[0];
  if (model) {
    const without = model.dataset.without.split(" ");
    for (const radio of field("aspect_ratio")) radio.disabled = radio.value === "own" ? !("ownSize" in model.dataset) : without.includes(radio.value);
    if (settings().querySelector("[name=aspect_ratio]:checked")?.disabled) field("aspect_ratio")[0].checked = true;
    const styles = settings().querySelector("[data-style-fields]");
    if (styles) styles.hidden = !("styles" in model.dataset);
  }
  const shape = settings().querySelector("[name=aspect_ratio]:checked");
  settings().querySelector("[data-pixels-says]").textContent = shape?.dataset.pixels ?? "";
}

function usd(amount) {
  const digits = amount >= 1 ? 2 : 4;
  return `$${amount.toFixed(digits).replace(/(\.\d\d\d*?)0+$/, "$1")}`;
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
    const box = event.target.closest(".field--bad, .brief");
    if (box) forgive(box);
    refresh();
  });
}

document.addEventListener("click", (event) => {
  const step = event.target.closest("[data-step]");
  if (step) set("n", Number(field("n").value || 1) + Number(step.dataset.step));
  if (event.target.closest("[data-dice]")) set("seed", Math.floor(Math.random() * LARGEST_ROLL));
  const lock = event.target.closest("[data-lock]");
  if (lock) {
    setLock(lock.getAttribute("aria-pressed") !== "true");
    if (isLocked() && !field("seed").value) set("seed", Math.floor(Math.random() * LARGEST_ROLL));
  }
  const example = event.target.closest("[data-example]");
  if (example) {
    set("prompt", example.dataset.example);
    form().requestSubmit();
  }
  if (event.target.closest("[data-make]") && event.detail > 1) event.preventDefault(); // the second half of a double click
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || document.querySelector("dialog[open]:not(#settings-sheet)")) return;
  event.preventDefault();
  if (!event.repeat && !document.querySelector("[data-make]").disabled) form().requestSubmit();
});

function set(name, value) {
  const target = field(name);
  if (target instanceof RadioNodeList) target.value = value;
  else if (target.type === "checkbox") target.checked = value;
  else target.value = value;
  refresh();
}

const isLocked = () => settings().querySelector("[data-lock]").getAttribute("aria-pressed") === "true";
const setLock = (locked) => settings().querySelector("[data-lock]").setAttribute("aria-pressed", String(locked));

document.addEventListener("htmx:afterRequest", (event) => {
  if (event.target !== form()) return;
  if (event.detail.successful && event.detail.xhr.status === 200) {
    if (!isLocked()) set("seed", "");
    forgive(form(), ...settings().querySelectorAll(".field--bad"));
    document.getElementById("settings-sheet").close();
  }
});
document.addEventListener("htmx:afterSettle", (event) => {
  if (event.detail.xhr?.status !== 422) return;
  placeSettings();
  refresh();
  const wrong = document.querySelector("#images [aria-invalid], #image-settings .field--bad");
  if (narrow.matches && wrong?.closest("#image-settings")) open(document.getElementById("settings-sheet"));
  (wrong?.matches("input, textarea") ? wrong : wrong?.querySelector("input, select, button"))?.focus();
});

const address = (template, id) => form().dataset[template].replace(NO_ID, id);

// --- recall ---

/** Fill in what made a picture: "all", "prompt" or "seed". */
function recall(picture, what) {
  const given = Object.fromEntries(
    [...picture.closest("[data-pictures]").attributes].filter(({ name }) => name.startsWith("data-setting-")).map(({ name, value }) => [name.slice(13), value]),
  );
  if (what === "all") {
    for (const name of ["model", "aspect_ratio", "width", "height", "n", "style_type", "style_weight"]) if (name in given && field(name)) set(name, given[name]);
    set("prompt_optimizer", given.prompt_optimizer === "True");
    setPicture(pictureField("reference"), given.reference ? { id: given.reference, title: words.reference, src: address("file", given.reference) } : null);
  }
  if (what !== "seed") set("prompt", given.prompt);
  if (what !== "prompt") {
    set("seed", given.seed);
    setLock(given.seed !== "");
  }
  say(words[`recalled${what[0].toUpperCase()}${what.slice(1)}`]);
  form().scrollIntoView({ block: "nearest" });
  field("prompt").focus();
}

function say(text, tone = "ok") {
  document.dispatchEvent(new CustomEvent("toast", { detail: { text, tone } }));
}

const lightbox = new Lightbox(document.getElementById("lightbox"), {
  cullAddress: (id) => address("cull", id),
  say: () => say(words.notKept, "bad"),
});
lightbox.addEventListener("recall", ({ detail: { picture, what } }) => recall(picture, what));
lightbox.addEventListener("reference", ({ detail: { picture } }) => {
  setPicture(pictureField("reference"), { id: picture.dataset.asset, title: picture.dataset.title, src: picture.querySelector("img").src });
  say(words.referenced);
});

placeSettings();
refresh();
form().dataset.ready = "";
