/**
 * The picture fields of templates/library/_picture_field.html: dropped, pasted, brought or chosen. Works for fields that arrive later.
 *
 * A field sends `picture:change` {id, title, src} (empty strings: none), and its hidden input an ordinary `change`. Assets of the studio can
 * be dragged onto it from anywhere: their links and pictures lead to /library/<id>/.
 */

import { open } from "../js/dialogs.js";

const NO_ID = "00000000-0000-0000-0000-000000000000";
const ASSET = /\/library\/([0-9a-f]{8}-[0-9a-f-]{27})(?:\/|$)/;
const FIELD = "[data-picture-field]";

const part = (field, name) => field.querySelector(`[data-picture-${name}]`);
const inputOf = (field) => field.querySelector("input[type=hidden]");
const fieldOf = (element) => element.closest?.(FIELD);

/** The field of a form by the name of its input. */
export const pictureField = (name) => document.querySelector(`[data-picture-field="${CSS.escape(name)}"]`);

/** Show `picture` {id, title, src} in the field; null takes it out. */
export function setPicture(field, picture) {
  const { id = "", title = "", src = "" } = picture ?? {};
  const input = inputOf(field);
  const isChange = input.value !== id;
  input.value = id;
  field.classList.toggle("picture-field--filled", Boolean(id));
  const shown = part(field, "shown");
  shown.hidden = !id;
  if (id) shown.src = src;
  else shown.removeAttribute("src");
  part(field, "title").textContent = id ? title : field.dataset.none;
  part(field, "remove").hidden = !id;
  complain(field, "");
  if (!isChange) return;
  part(field, "says").textContent = id ? title : field.dataset.removed;
  input.dispatchEvent(new Event("change", { bubbles: true }));
  field.dispatchEvent(new CustomEvent("picture:change", { bubbles: true, detail: { id, title, src } }));
}

/** The sentence stands where the person looks: in the window while that is open. */
function complain(field, sentence) {
  const dialog = part(field, "dialog");
  for (const error of field.querySelectorAll("[data-picture-error]")) {
    const isHere = dialog.contains(error) === dialog.open;
    error.querySelector("span").textContent = isHere ? sentence : "";
    error.hidden = !isHere || !sentence;
  }
}

// --- a picture arrives ---

async function bring(field, request) {
  const turn = String(Number(field.dataset.turn ?? 0) + 1);
  field.dataset.turn = turn; // what was brought last counts
  field.toggleAttribute("data-busy", true);
  complain(field, "");
  let sentence = field.dataset.fault;
  let picture = null;
  try {
    const answer = await request();
    if (answer.ok || answer.status === 422) {
      const said = await answer.json();
      if (answer.ok) picture = said;
      else sentence = said.sentence;
    }
  } catch {
    // the network is away: the sentence says so
  }
  if (field.dataset.turn !== turn) return;
  field.removeAttribute("data-busy");
  if (!picture) {
    complain(field, sentence);
    return;
  }
  setPicture(field, picture);
  part(field, "dialog").close();
}

function upload(field, file) {
  const body = new FormData();
  body.append("purpose", field.dataset.purpose);
  body.append("file", file);
  const headers = { ...JSON.parse(document.body.getAttribute("hx-headers")), Accept: "application/json" };
  return bring(field, () => fetch(field.dataset.upload, { method: "POST", body, headers }));
}

function choose(field, id) {
  const address = `${field.dataset.choose.replace(NO_ID, id)}?purpose=${encodeURIComponent(field.dataset.purpose)}`;
  return bring(field, () => fetch(address, { headers: { Accept: "application/json" } }));
}

document.addEventListener("click", (event) => {
  const field = fieldOf(event.target);
  if (!field) return;
  if (event.target.closest("[data-picture-open]")) {
    complain(field, "");
    open(part(field, "dialog"));
    htmx.trigger(field.querySelector("[type=search]"), "picker:open");
  } else if (event.target.closest("[data-picture-remove]")) {
    setPicture(field, null);
    part(field, "open").focus();
  }
  const pick = event.target.closest("[data-pick]");
  if (!pick) return;
  field.dataset.turn = String(Number(field.dataset.turn ?? 0) + 1); // an upload that is still under way no longer counts
  field.removeAttribute("data-busy");
  setPicture(field, { id: pick.dataset.pick, title: pick.dataset.title, src: pick.dataset.src });
  part(field, "dialog").close();
});

document.addEventListener("change", (event) => {
  if (!event.target.matches("[data-picture-file]")) return;
  const [file] = event.target.files;
  if (file) upload(fieldOf(event.target), file);
  event.target.value = "";
});

// --- dropped ---

const carries = (transfer, type) => [...(transfer?.types ?? [])].includes(type);

function over(field) {
  for (const other of document.querySelectorAll(`${FIELD}[data-over]`)) if (other !== field) other.removeAttribute("data-over");
  field?.setAttribute("data-over", "");
}

const target = ({ target: element, dataTransfer }) => (carries(dataTransfer, "Files") || carries(dataTransfer, "text/uri-list") ? fieldOf(element) : null);

document.addEventListener("dragover", (event) => {
  const field = target(event);
  over(field);
  if (field) event.preventDefault();
});
document.addEventListener("dragleave", (event) => {
  if (!event.relatedTarget) over(null);
});
document.addEventListener("dragend", () => over(null));
document.addEventListener("drop", (event) => {
  const field = target(event);
  over(null);
  if (!field) return;
  event.preventDefault();
  const [, id] = event.dataTransfer.getData("text/uri-list").match(ASSET) ?? [];
  const [file] = event.dataTransfer.files; // of a picture that is dragged within the page there is a file too
  if (id) choose(field, id);
  else if (file) upload(field, file);
});

// --- pasted: into the field that has the focus or whose window is open, else into the first one that is empty ---

document.addEventListener("paste", (event) => {
  const file = [...(event.clipboardData?.files ?? [])].find(({ type }) => type.startsWith("image/"));
  if (!file || event.clipboardData.types.includes("text/plain")) return; // words that bring a picture of themselves
  const fields = [...document.querySelectorAll(FIELD)].filter((each) => part(each, "open").getClientRects().length);
  const field = fields.find((each) => part(each, "dialog").open) ?? fieldOf(event.target) ?? fields.find((each) => !inputOf(each).value) ?? fields.at(-1);
  const window = document.querySelector("dialog:modal:not(:has(dialog:modal))");
  if (!field || (window && !window.contains(field) && !field.contains(window))) return;
  event.preventDefault();
  upload(field, file);
});

// --- a form does not leave without the picture that is on its way to it ---

document.addEventListener(
  "submit",
  (event) => {
    const field = [...document.querySelectorAll(`${FIELD}[data-busy]`)].find((each) => inputOf(each).form === event.target);
    if (!field) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    document.dispatchEvent(new CustomEvent("toast", { detail: { text: field.dataset.wait, tone: "info" } }));
  },
  { capture: true },
);
