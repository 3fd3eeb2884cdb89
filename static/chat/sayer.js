/** Gives whole sentences to screen readers while a reply arrives; half ones would be noise. */
const PAUSE_MS = 900;
const SENTENCE = /[^.!?。！？…\n]+(?:[.!?。！？…]+["'”’)\]]*(?=\s|$)|\n+)/gu;

export class Sayer {
  #region = document.querySelector("[data-says]");
  #said = new WeakMap(); // part → characters said
  #timer = 0;

  heed(part) {
    this.#timer ||= setTimeout(() => {
      this.#timer = 0;
      this.#say(part, false);
    }, PAUSE_MS);
  }

  finish(part) {
    clearTimeout(this.#timer);
    this.#timer = 0;
    if (this.#said.has(part)) this.#say(part, true);
  }

  #say(part, isOver) {
    const text = part.textContent;
    const from = this.#said.get(part) ?? 0;
    const rest = text.slice(from);
    let length = 0;
    for (const found of rest.matchAll(SENTENCE)) length = found.index + found[0].length;
    if (isOver) length = rest.length;
    this.#said.set(part, from + length);
    const sentences = rest.slice(0, length).trim();
    if (!sentences || !this.#region) return;
    const line = document.createElement("p");
    line.textContent = sentences;
    this.#region.append(line);
    while (this.#region.children.length > 8) this.#region.firstElementChild.remove();
  }
}
