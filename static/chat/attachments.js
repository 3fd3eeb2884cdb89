/** Files that go along with a message: text, read here, and pictures, which the library keeps. */
const MOST_FILES = 10;
const MOST_CHARACTERS = 400_000;
const BYTES_A_CHARACTER = 4; // at most, in UTF-8: what is larger is not even read

/** Tells of every change with the event `change`. */
export class Attachments extends EventTarget {
  #list = document.querySelector("[data-files]");
  #input = document.querySelector("[data-attach]");
  #items = [];

  constructor(drop) {
    super();
    this.#input?.addEventListener("change", () => {
      this.add(this.#input.files);
      this.#input.value = "";
    });
    drop.addEventListener("dragover", (event) => event.dataTransfer.types.includes("Files") && event.preventDefault());
    drop.addEventListener("drop", (event) => {
      if (!event.dataTransfer.files.length) return;
      event.preventDefault();
      this.add(event.dataTransfer.files);
    });
    document.getElementById("id_say").addEventListener("paste", ({ clipboardData }) => clipboardData.files.length && this.add(clipboardData.files));
    document.getElementById("chat-pictures").addEventListener("click", ({ target }) => {
      const pick = target.closest("[data-pick]");
      if (!pick) return;
      this.#keep({ name: pick.dataset.title, asset: pick.dataset.pick });
      pick.closest("dialog").close();
    });
    const { first, firstName } = this.#list.dataset;
    if (first) this.#keep({ name: firstName, asset: first });
    this.#list.addEventListener("click", ({ target }) => {
      const button = target.closest("button");
      if (!button) return;
      this.#items.splice([...this.#list.children].indexOf(button.closest("li")), 1);
      this.#draw();
    });
  }

  get items() {
    return this.#items.map(({ name, text, asset }) => (asset ? { asset } : { name, text }));
  }

  /** What they add to a request. */
  get size() {
    const texts = this.#items.filter(({ text }) => text !== undefined);
    return { bytes: texts.reduce((sum, { name, text }) => sum + new Blob([name, text]).size, 0), pictures: this.#items.length - texts.length };
  }

  async add(files) {
    for (const file of [...files]) {
      if (this.#items.length >= MOST_FILES) {
        this.#complain(this.#list.dataset.tooMany);
        break;
      }
      if (file.type.startsWith("image/")) await this.#upload(file);
      else await this.#read(file);
    }
  }

  async #read(file) {
    const { notText, notUtf8, tooLong } = this.#list.dataset;
    const complain = (text) => this.#complain(text.replace("{name}", file.name));
    const beginning = await file.slice(0, 65_536).text();
    if (beginning.includes("\0")) return complain(notText);
    if (file.size > MOST_CHARACTERS * BYTES_A_CHARACTER) return complain(tooLong);
    const text = decode(await file.arrayBuffer());
    if (text === null) return complain(notUtf8);
    if (text.includes("\0")) return complain(notText);
    if (text.length > MOST_CHARACTERS) return complain(tooLong);
    return this.#keep({ name: file.name, text });
  }

  async #upload(file) {
    const body = new FormData();
    body.set("purpose", "chat.image");
    body.set("file", file);
    const headers = JSON.parse(document.body.getAttribute("hx-headers"));
    try {
      const answer = await fetch(this.#list.dataset.upload, { method: "POST", body, headers });
      const { id, title, sentence } = await answer.json();
      if (answer.ok) this.#keep({ name: title, asset: id });
      else this.#complain(sentence);
    } catch {
      this.#complain(this.#list.dataset.notSent.replace("{name}", file.name));
    }
  }

  #complain(text) {
    document.dispatchEvent(new CustomEvent("toast", { detail: { text, tone: "bad" } }));
  }

  #keep(item) {
    this.#items.push(item);
    this.#draw();
  }

  clear() {
    this.#items = [];
    this.#draw();
  }

  #draw() {
    this.#list.hidden = !this.#items.length;
    this.#list.replaceChildren(...this.#items.map(({ name }) => {
      const item = document.getElementById("chat-file").content.cloneNode(true);
      item.querySelector("[data-name]").textContent = name;
      return item;
    }));
    this.dispatchEvent(new Event("change"));
  }
}

/** null: these bytes are no UTF-8, and what they say could only be guessed. */
function decode(bytes) {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}
