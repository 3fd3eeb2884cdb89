/** Gives whole sentences to screen readers while a reply arrives; half ones would be noise. */
const PAUSE_MS = 900;
const SENTENCE = /[^.!?。！？…\n]+(?:[.!?。！？…]+["'”’)\]]*(?=\s|$)|\n+)/gu;

export class Sayer {
  #region = document.querySelector("[data-says]");
  #said = new WeakMap(); // part → characters said
  #timers = new Map(); // part → until its next sentences

  heed(part) {
    if (this.#timers.has(part)) return;
    const timer = setTimeout(() => {
      this.#timers.delete(part);
      this.#say(part, false);
    }, PAUSE_MS);
    this.#timers.set(part, timer);
  }

  /** Says the rest; all of it where the reply was over before the first sentence was due. */
  finish(part) {
    const isDue = this.#timers.has(part);
    clearTimeout(this.#timers.get(part));
    this.#timers.delete(part);
    if (isDue || this.#said.has(part)) this.#say(part, true);
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
