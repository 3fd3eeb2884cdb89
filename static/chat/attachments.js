/** Files that go along with a message: text, read here, and pictures of the library. */
const MOST_FILES = 10;
const MOST_CHARACTERS = 400_000;

export class Attachments {
  #list = document.querySelector("[data-files]");
  #input = document.querySelector("[data-attach]");
  #items = [];

  constructor(drop) {
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

  async add(files) {
    for (const file of files) {
      if (this.#items.length >= MOST_FILES) break;
      const text = await file.text();
      if (text.includes("\0") || text.length > MOST_CHARACTERS) {
        const words = text.includes("\0") ? this.#list.dataset.notText : this.#list.dataset.tooLong;
        document.dispatchEvent(new CustomEvent("toast", { detail: { text: words.replace("{name}", file.name), tone: "bad" } }));
        continue;
      }
      this.#items.push({ name: file.name, text });
    }
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
  }
}
