/**
 * The lyrics: section tags marked behind the text, inserted at the caret, and what the server says about them.
 *
 * The textarea stays what it is. Behind it lies a copy of its text that shows nothing but a tint where a tag is.
 */

const TAG_LINE = /^[ \t]*\[[^[\]\n]*\][ \t]*$/;
const PAUSE_MS = 300;

export class LyricsEditor {
  #text;
  #back;
  #checked;
  #timer = 0;

  constructor(form) {
    this.#text = form.querySelector("#id_lyrics");
    this.#back = form.querySelector("[data-lyrics-back]");
    this.#checked = form.querySelector("#lyrics-checked");
    this.#text.addEventListener("input", () => this.refresh());
    this.#text.addEventListener("scroll", () => { this.#back.scrollTop = this.#text.scrollTop; }, { passive: true });
    form.addEventListener("click", ({ target }) => {
      const tag = target.closest("[data-tag]");
      if (tag) this.insertTag(tag.dataset.tag);
      const place = target.closest("[data-line]");
      if (place) this.goToLine(Number(place.dataset.line));
    });
    this.draw();
  }

  refresh() {
    this.draw();
    this.check();
  }

  draw() {
    const parts = this.#text.value.split("\n").map((line) => {
      if (!TAG_LINE.test(line)) return `${line}\n`;
      const tag = document.createElement("mark");
      tag.textContent = line;
      return [tag, "\n"];
    });
    this.#back.replaceChildren(...parts.flat());
    this.#back.scrollTop = this.#text.scrollTop;
  }

  /** Ask what is to be said about it, once nobody has typed for a moment. */
  check() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#checked.isConnected && htmx.trigger(this.#checked, "lyrics:check"), PAUSE_MS);
  }

  /** On a line of its own, with an empty one before it. */
  insertTag(tag) {
    const { value, selectionStart, selectionEnd } = this.#text;
    const before = value.slice(0, selectionStart);
    const gap = !before.trim() ? "" : before.endsWith("\n\n") ? "" : before.endsWith("\n") ? "\n" : "\n\n";
    const after = value.slice(selectionEnd).startsWith("\n") ? "" : "\n";
    this.replace(selectionStart, selectionEnd, `${gap}[${tag}]${after}`);
    if (!after) this.#text.setSelectionRange(this.#text.selectionStart + 1, this.#text.selectionStart + 1);
  }

  /** Write over a part of the text in such a way that the browser's own undo takes it back. */
  replace(start, end, text) {
    this.#text.focus();
    this.#text.setSelectionRange(start, end);
    if (!document.execCommand("insertText", false, text)) {
      this.#text.setRangeText(text, start, end, "end");
      this.#text.dispatchEvent(new Event("input", { bubbles: true }));
    }
  }

  get value() {
    return this.#text.value;
  }

  set value(text) {
    if (text) this.replace(0, this.#text.value.length, text);
    else {
      this.#text.value = "";
      this.#text.dispatchEvent(new Event("input", { bubbles: true }));
    }
    this.#text.setSelectionRange(0, 0);
    this.#text.scrollTop = 0;
  }

  goToLine(number) {
    const lines = this.#text.value.split("\n");
    const start = lines.slice(0, number - 1).reduce((sum, line) => sum + line.length + 1, 0);
    this.#text.focus();
    this.#text.setSelectionRange(start, start + (lines[number - 1]?.length ?? 0));
    const height = parseFloat(getComputedStyle(this.#text).lineHeight);
    this.#text.scrollTop = Math.max(0, (number - 3) * height);
  }
}
