/** A new book: a document that is dropped or chosen, or a text that is pasted. What was written survives a reload of the page. */

const form = document.querySelector("[data-book-form]");
const find = (name) => form.querySelector(`[data-${name}]`);
const input = find("document");
const text = form.elements.text;
const most = Number(form.dataset.most);
const number = new Intl.NumberFormat(document.documentElement.lang);
const DRAFT = "books:draft";

function show() {
  const file = input.files[0];
  find("file").hidden = !file;
  find("paste").hidden = Boolean(file);
  form.querySelector(".manuscript__drop").hidden = Boolean(file);
  if (file) {
    find("file-name").textContent = file.name;
    find("file-size").textContent = `${number.format(Math.ceil(file.size / 1024))} kB`;
    if (!form.elements.title.value) form.elements.title.placeholder = file.name.replace(/\.\w+$/, "").replaceAll("_", " ");
  }
}

function say(sentence) {
  const error = find("document-error");
  error.hidden = !sentence;
  error.querySelector("span").textContent = sentence;
}

function check() {
  const file = input.files[0];
  const isTooBig = file && file.size > Number(form.dataset.mostBytes);
  say(isTooBig ? form.dataset.tooBig.replace("{size}", form.dataset.mostSize) : "");
  if (isTooBig) input.value = "";
  show();
}

let timer = 0;
function count() {
  clearTimeout(timer);
  timer = setTimeout(() => {
    const box = find("count");
    const length = text.value.length;
    box.hidden = length === 0;
    box.textContent = `${number.format(length)} / ${number.format(most)}`;
    box.toggleAttribute("data-over", length > most);
  }, 120);
}

input.addEventListener("change", check);
text.addEventListener("input", count);
find("file-remove").addEventListener("click", () => {
  input.value = "";
  check();
  input.focus();
});

for (const kind of ["dragenter", "dragover"]) {
  form.addEventListener(kind, (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    find("manuscript").dataset.over = "";
  });
}
for (const kind of ["dragleave", "drop"]) form.addEventListener(kind, () => delete find("manuscript").dataset.over);
form.addEventListener("drop", (event) => {
  if (!event.dataTransfer?.files.length) return;
  event.preventDefault();
  const one = new DataTransfer();
  one.items.add(event.dataTransfer.files[0]);
  input.files = one.files;
  check();
});

form.addEventListener("submit", (event) => {
  if ("sending" in form.dataset) return event.preventDefault(); // a double click is one book
  form.dataset.sending = "";
  find("create-busy").hidden = false;
  const word = find("create-word");
  find("create-says").textContent = word.dataset.busyWord;
  word.textContent = word.dataset.busyWord;
});
addEventListener("pageshow", (event) => event.persisted && location.reload());
addEventListener("pagehide", () => {
  try {
    if ("sending" in form.dataset || !text.value || text.value.length > 200_000) sessionStorage.removeItem(DRAFT);
    else sessionStorage.setItem(DRAFT, text.value);
  } catch {
    // storage is blocked: nothing is remembered
  }
});
try {
  if (!text.value) text.value = sessionStorage.getItem(DRAFT) ?? "";
} catch {
  // the same
}
count();
show();
form.dataset.ready = "";
