/** Sends each sentence as soon as it is finished, while the person goes on typing. What was sent is locked. */

import { finishedLength, hasWords } from "./sentences.js";

const IDLE_MS = 1400; // after a full stop at the end of the text: probably finished

export class TypeToSpeak {
  sentUntil = 0;
  #input;
  #say;
  #refuse;
  #timer = 0;
  #sent = "";
  #controller = new AbortController();

  /** say(text): called with one or more whole sentences. refuse(): the person tried to change what was sent. */
  constructor(input, say, refuse) {
    this.#input = input;
    this.#say = say;
    this.#refuse = refuse;
    const { signal } = this.#controller;
    input.addEventListener("beforeinput", (event) => this.#guard(event), { signal });
    input.addEventListener("input", () => this.#typed(), { signal });
    this.#typed();
  }

  /** Send what is left, finished or not. */
  finish() {
    this.#send(this.#input.value.length);
    this.end();
  }

  end() {
    clearTimeout(this.#timer);
    this.#controller.abort();
  }

  /** Marks for the view: what has been sent. */
  get marks() {
    return this.sentUntil ? [{ from: 0, to: this.sentUntil, kind: "sent" }] : [];
  }

  #typed() {
    if (!this.#input.value.startsWith(this.#sent)) {
      // Undo, drag and drop or a keyboard that does not announce itself went into the sent part.
      const { value } = this.#input;
      this.#input.value = this.#sent + value.slice(Math.min(this.sentUntil, value.length));
      this.#refuse();
    }
    this.#send(this.sentUntil + finishedLength(this.#rest));
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#send(this.sentUntil + finishedLength(this.#rest, { isIdle: true })), IDLE_MS);
  }

  get #rest() {
    return this.#input.value.slice(this.sentUntil);
  }

  #send(until) {
    const text = this.#input.value.slice(this.sentUntil, until);
    if (!hasWords(text)) return;
    this.sentUntil = until;
    this.#sent = this.#input.value.slice(0, until);
    this.#say(text);
    this.#input.dispatchEvent(new CustomEvent("sentences:sent"));
  }

  #guard(event) {
    const { selectionStart: from, selectionEnd: to } = this.#input;
    const reachesBack = event.inputType.startsWith("delete") && from === to && from <= this.sentUntil && !event.inputType.endsWith("Forward");
    if (from >= this.sentUntil && !reachesBack) return;
    event.preventDefault();
    if (event.inputType.startsWith("insert")) this.#input.setSelectionRange(this.#input.value.length, this.#input.value.length);
    this.#refuse();
  }
}
