/** The form of a batch: pictures are gathered, brought to the library a few at a time, and survive a reload. */

import { open } from "../js/dialogs.js";

const AT_ONCE = 3;
const form = document.getElementById("batch");
const words = document.getElementById("batch-words-of-script").dataset;
const part = (name) => form.querySelector(`[data-${name}]`);
const list = part("brought");
let pictures = []; // {id, name, title, src, place}: place is the order in which they were brought
let places = 0;
let waiting = [];
let moving = 0;
let done = 0;

// --- another template: its own form, with what was gathered ---

part("template").addEventListener("change", (event) => {
  keep();
  location.search = new URLSearchParams({ template: event.target.value });
});

// --- the draft ---

function keep() {
  try {
    sessionStorage.setItem(form.dataset.draft, JSON.stringify({ pictures, text: form.elements.text?.value, words: form.elements.words?.value }));
  } catch {
    // storage is full or blocked: what was gathered is still in the page
  }
}

function recall() {
  let draft;
  try {
    draft = JSON.parse(sessionStorage.getItem(form.dataset.draft));
  } catch {
    return; // storage is blocked, or holds something else
  }
  if (!draft) return;
  pictures = Array.isArray(draft.pictures) ? draft.pictures : [];
  places = Math.max(0, ...pictures.map(({ place }) => place + 1));
  for (const name of ["text", "words"]) if (form.elements[name] && !form.elements[name].value && draft[name]) form.elements[name].value = draft[name];
}

// --- what was gathered ---

function show() {
  form.querySelector("[data-pictures]").value = JSON.stringify(pictures.map(({ id, name }) => ({ id, name })));
  const count = pictures.length;
  for (const place of document.querySelectorAll("[data-picture-count]")) place.textContent = count === 0 ? "" : count === 1 ? words.one : words.many.replace("{count}", count);
  for (const pick of document.querySelectorAll("#batch-picker [data-pick]")) pick.setAttribute("aria-pressed", String(pictures.some(({ id }) => id === pick.dataset.pick)));
  if (!list) return;
  part("clear").hidden = count === 0;
  list.replaceChildren(...pictures.map(tile));
  keep();
}

function tile({ id, title, src }) {
  const item = document.createElement("li");
  const picture = document.createElement("img");
  Object.assign(picture, { src, alt: title, title, width: 72, height: 72, loading: "lazy", decoding: "async" });
  const remove = document.createElement("button");
  Object.assign(remove, { type: "button", className: "brought__remove", textContent: "×" });
  remove.dataset.remove = id;
  remove.setAttribute("aria-label", words.remove.replace("{title}", title));
  item.className = "brought__item";
  item.append(picture, remove);
  return item;
}

function add(picture) {
  if (pictures.some(({ id, name }) => id === picture.id && name === picture.name)) return;
  if (pictures.length >= Number(form.dataset.most)) return complain(form.dataset.full);
  pictures.push(picture);
  pictures.sort((one, other) => one.place - other.place);
}

function complain(sentence) {
  const faults = part("faults");
  if ([...faults.children].some(({ textContent }) => textContent === sentence)) return;
  const item = document.createElement("li");
  item.className = "field__error";
  item.textContent = sentence;
  faults.append(item);
  faults.hidden = false;
}

// --- brought from the device ---

function bring(files) {
  part("faults").replaceChildren();
  part("faults").hidden = true;
  const room = Number(form.dataset.most) - pictures.length - waiting.length;
  if (files.length > room) complain(form.dataset.full);
  waiting.push(...[...files].slice(0, Math.max(0, room)).map((file) => ({ file, place: places++ })));
  while (moving < AT_ONCE && waiting.length) next();
}

async function next() {
  if (!waiting.length) return;
  const { file, place } = waiting.shift();
  moving += 1;
  measure();
  try {
    const body = new FormData();
    body.append("purpose", form.dataset.purpose);
    body.append("file", file);
    const headers = { ...JSON.parse(document.body.getAttribute("hx-headers")), Accept: "application/json" };
    const answer = await fetch(form.dataset.upload, { method: "POST", body, headers });
    const said = answer.ok || answer.status === 422 ? await answer.json() : {};
    if (answer.ok) add({ id: said.id, name: file.name, title: said.title, src: said.src, place });
    else complain(`${file.name}: ${said.sentence ?? form.dataset.fault}`);
  } catch {
    complain(`${file.name}: ${form.dataset.fault}`);
  }
  moving -= 1;
  done += 1;
  measure();
  show();
  next();
}

function measure() {
  const bar = part("upload-progress");
  const left = moving + waiting.length;
  if (!left) done = 0;
  bar.hidden = !left;
  bar.max = done + left;
  bar.value = done;
  form.toggleAttribute("data-busy", Boolean(left));
}

// A batch does not leave without the pictures that are on their way.
form.addEventListener("submit", (event) => {
  if (!form.hasAttribute("data-busy")) return;
  event.preventDefault();
  part("upload-progress").scrollIntoView({ block: "center" });
});

if (list) {
  part("batch-files").addEventListener("change", (event) => {
    bring(event.target.files);
    event.target.value = "";
  });
  const zone = part("batch-drop");
  const carriesFiles = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
  form.addEventListener("dragover", (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    zone.dataset.over = "";
  });
  form.addEventListener("dragleave", (event) => { if (!form.contains(event.relatedTarget)) delete zone.dataset.over; });
  form.addEventListener("drop", (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    delete zone.dataset.over;
    const files = [...event.dataTransfer.files];
    const table = files.find(({ name }) => /\.(csv|tsv)$/i.test(name));
    if (table) {
      const carried = new DataTransfer();
      carried.items.add(table);
      form.elements.table.files = carried.files;
    }
    bring(files.filter((file) => file !== table));
  });
  document.addEventListener("click", (event) => {
    const gone = event.target.closest("[data-remove]");
    if (gone) {
      const place = pictures.findIndex(({ id }) => id === gone.dataset.remove);
      pictures.splice(place, 1);
      show();
      (list.children[Math.min(place, list.children.length - 1)]?.querySelector("button") ?? part("batch-files")).focus();
    }
    if (event.target.closest("[data-clear]")) {
      pictures = [];
      show();
      part("batch-files").focus();
    }
    if (event.target.closest("[data-open-picker]")) {
      open(document.getElementById("batch-picker"));
      htmx.trigger("[data-picker-search]", "picker:open");
    }
    const pick = event.target.closest("#batch-picker [data-pick]");
    if (pick) {
      const chosen = pictures.findIndex(({ id }) => id === pick.dataset.pick);
      if (chosen >= 0) pictures.splice(chosen, 1);
      else add({ id: pick.dataset.pick, name: pick.dataset.title, title: pick.dataset.title, src: pick.dataset.src, place: places++ });
      show();
    }
  });
  document.getElementById("batch-picker").addEventListener("htmx:afterSettle", show);
}
form.addEventListener("input", keep);

recall();
show();
form.dataset.ready = "";
