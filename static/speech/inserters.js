/** Pauses and sounds, put into the text at the caret. The browser's own undo takes them out again. */

import { fill } from "./composer.js";
import { hasWords } from "./sentences.js";

const PAUSE = /<#[^<>#\n]*#>/g;

export class Inserters {
  #input;
  #composer;
  #words;

  constructor(input, composer, words) {
    this.#input = input;
    this.#composer = composer;
    this.#words = words;
    const pauses = document.querySelector("[data-pause-menu]");
    const own = pauses.querySelector("[data-pause-seconds]");
    const { pause } = composer.limits;
    own.min = pause.minimum;
    own.max = pause.maximum;
    pauses.addEventListener("click", ({ target }) => {
      const chip = target.closest("[data-pause]");
      if (chip) this.#insertPause(pauses, chip.dataset.pause);
      else if (target.closest("[data-pause-own]")) this.#insertOwn(pauses, own);
    });
    own.addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault();
      this.#insertOwn(pauses, own);
    });
    pauses.addEventListener("beforetoggle", () => (pauses.querySelector("[data-pause-refusal]").hidden = true));
    pauses.addEventListener("toggle", ({ newState }) => newState === "open" && pauses.querySelector("[data-pause]").focus());

    const sounds = document.querySelector("[data-sound-menu]");
    sounds.addEventListener("click", ({ target }) => {
      const chip = target.closest("[data-sound]");
      if (!chip) return;
      sounds.hidePopover();
      this.insert(`(${chip.dataset.sound})`, { isWord: true });
    });
    sounds.addEventListener("toggle", ({ newState }) => newState === "open" && sounds.querySelector("[data-sound]")?.focus());
    this.offerSounds();
  }

  /** List the sounds of the chosen model, or say that it has none. */
  offerSounds() {
    const { sound_tags: tags, label } = this.#composer.model;
    const menu = document.querySelector("[data-sound-menu]");
    const button = document.querySelector("[data-sound-button]");
    const names = this.#composer.limits.sound_tags;
    const chips = tags.map((tag) => {
      const chip = document.createElement("button");
      chip.type = "button";
      chip.className = "chip";
      chip.dataset.sound = tag;
      chip.textContent = names[tag] ?? tag;
      return chip;
    });
    menu.querySelector("[data-sound-list]").replaceChildren(...chips);
    const none = fill(menu.dataset.none, { model: label });
    button.disabled = !tags.length;
    button.title = tags.length ? "" : none;
  }

  /** Put something at the caret, as if it had been typed. */
  insert(text, { isWord = false } = {}) {
    const input = this.#input;
    const { selectionStart: from, selectionEnd: to, value } = input;
    const before = isWord && from > 0 && !/\s$/.test(value.slice(0, from)) ? " " : "";
    const after = isWord && !/^\s/.test(value.slice(to)) ? " " : "";
    input.focus();
    type(input, `${before}${text}${after}`);
  }

  #insertOwn(menu, own) {
    const seconds = Number(own.value);
    if (!own.checkValidity() || !(seconds > 0)) return own.reportValidity();
    this.#insertPause(menu, String(Math.round(seconds * 100) / 100));
  }

  #insertPause(menu, seconds) {
    const { value, selectionStart: from, selectionEnd: to } = this.#input;
    const neighbour = [...value.matchAll(PAUSE)].find(({ index, 0: mark }) => {
      const end = index + mark.length;
      return end <= from ? !hasWords(value.slice(end, from)) : index >= to ? !hasWords(value.slice(to, index)) : true;
    });
    const mark = `<#${seconds}#>`;
    if (neighbour) {
      // Two in a row are refused by MiniMax: the new one takes the place of the old one.
      menu.hidePopover();
      this.#input.focus();
      this.#input.setSelectionRange(neighbour.index, neighbour.index + neighbour[0].length);
      return type(this.#input, mark);
    }
    if (!hasWords(value.slice(0, from)) || /^\s*$/.test(value)) {
      menu.querySelector("[data-pause-refusal]").hidden = false;
      return;
    }
    menu.hidePopover();
    this.insert(mark);
  }
}

// execCommand is the only way into the undo history of a textarea.
function type(input, text) {
  if (document.execCommand("insertText", false, text)) return;
  input.setRangeText(text, input.selectionStart, input.selectionEnd, "end");
  input.dispatchEvent(new Event("input", { bubbles: true }));
}
