/**
 * The text as it is spoken: a twin of the editor that lies exactly under it, so that nothing moves when the voice begins.
 *
 * Words light up through the CSS highlight API: the text stays plain text, can be selected, and a screen reader reads it in
 * one go. A soft mark glides under the word of the moment.
 */

const supportsHighlights = "highlights" in CSS;
const said = supportsHighlights && new Highlight();
const now = supportsHighlights && new Highlight();
if (supportsHighlights) {
  CSS.highlights.set("speech-said", said);
  CSS.highlights.set("speech-now", now);
}
const PATIENCE_MS = 3000; // after the person scrolled, the view does not run away

export class ScriptView {
  #element;
  #words;
  #puck;
  #scroller;
  #parts = []; // {from, node}
  #text = null;
  #signature = "";
  #current = -2;
  #scrolledAt = -PATIENCE_MS;

  /** element: the twin; its [data-script-text] holds the text, [data-script-puck] is the gliding mark. */
  constructor(element) {
    this.#element = element;
    this.#words = element.querySelector("[data-script-text]");
    this.#puck = element.querySelector("[data-script-puck]");
    this.#scroller = element.closest("[data-script-scroller]");
    for (const name of ["wheel", "touchmove"]) {
      this.#scroller.addEventListener(name, () => (this.#scrolledAt = performance.now()), { passive: true });
    }
    this.#words.addEventListener("click", (event) => this.#clicked(event));
    new ResizeObserver(() => this.#movePuck()).observe(this.#words);
  }

  /** Show a text. parts: [{from, to, kind}], marks that are styled apart: pauses, sound tags, sentences already sent. */
  show(text, parts = []) {
    const signature = parts.map(({ from, to, kind }) => `${from}-${to}${kind}`).join();
    if (text === this.#text && signature === this.#signature) return;
    this.#text = text;
    this.#signature = signature;
    this.#parts = [];
    const nodes = [];
    let place = 0;
    const add = (to, kind) => {
      if (to <= place) return;
      const node = document.createTextNode(text.slice(place, to));
      this.#parts.push({ from: place, node });
      if (kind) {
        const span = document.createElement("span");
        span.className = `mark mark--${kind}`;
        span.append(node);
        nodes.push(span);
      } else {
        nodes.push(node);
      }
      place = to;
    };
    for (const { from, to, kind } of parts) {
      add(from);
      add(to, kind);
    }
    add(text.length);
    this.#words.replaceChildren(...nodes, document.createTextNode("\u200b")); // the last empty line has a height too
    this.#current = -2;
    this.point(null);
  }

  /** Light up a word {from, to}, and dim nothing that was said before it. Null: nothing is being said. */
  point(word, { follow = false } = {}) {
    const current = word ? word.from : -1;
    if (current === this.#current) return;
    this.#current = current;
    if (supportsHighlights) {
      said.clear();
      now.clear();
    }
    if (!word) {
      this.#puck.hidden = true;
      this.#element.removeAttribute("data-now");
      return;
    }
    const range = this.#range(word.from, word.to);
    if (!range) return;
    if (supportsHighlights) {
      said.add(this.#range(0, word.from || 0) ?? range);
      now.add(range);
    }
    this.#element.dataset.now = range.toString();
    this.#movePuck(range);
    if (follow) this.#keepInView(range);
  }

  #movePuck(range = this.#current >= 0 && supportsHighlights ? [...now][0] : null) {
    if (!range) return;
    const word = range.getClientRects()[0];
    if (!word) return;
    const frame = this.#element.getBoundingClientRect();
    const { style } = this.#puck;
    const isNewLine = this.#puck.hidden || this.#puck.dataset.line !== String(Math.round(word.top - frame.top));
    this.#puck.dataset.line = String(Math.round(word.top - frame.top));
    this.#puck.toggleAttribute("data-jump", isNewLine);
    style.transform = `translate(${word.left - frame.left}px, ${word.top - frame.top}px)`;
    style.inlineSize = `${word.width}px`;
    style.blockSize = `${word.height}px`;
    this.#puck.hidden = false;
  }

  #keepInView(range) {
    if (performance.now() - this.#scrolledAt < PATIENCE_MS) return;
    const view = this.#scroller.getBoundingClientRect();
    const word = range.getBoundingClientRect();
    if (word.top >= view.top + 8 && word.bottom <= view.bottom - word.height * 1.5) return;
    const isCalm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.#scroller.scrollBy({ top: word.top - view.top - view.height / 3, behavior: isCalm ? "auto" : "smooth" });
  }

  #range(from, to) {
    const start = this.#node(from);
    const end = this.#node(to, true);
    if (!start || !end) return null;
    const range = document.createRange();
    range.setStart(start.node, from - start.from);
    range.setEnd(end.node, to - end.from);
    return range;
  }

  #node(place, isEnd = false) {
    return this.#parts.findLast(({ from }) => (isEnd && place > 0 ? from < place : from <= place));
  }

  #clicked({ clientX, clientY }) {
    if (!getSelection().isCollapsed) return; // selecting, not pointing
    const caret = document.caretPositionFromPoint?.(clientX, clientY);
    const range = caret ? null : document.caretRangeFromPoint?.(clientX, clientY);
    const node = caret?.offsetNode ?? range?.startContainer;
    const part = this.#parts.find((one) => one.node === node);
    if (!part) return;
    const place = part.from + (caret?.offset ?? range.startOffset);
    this.#element.dispatchEvent(new CustomEvent("pick", { detail: { place } }));
  }
}
