/**
 * The strip of takes, and two of them at one playhead.
 *
 * Both are decoded into memory, so that the switch is a cross-fade of a few milliseconds on the audio clock. Takes of the same text
 * meet at the same place of the text, others at the same second.
 */

import { clock } from "./composer.js";
import { openOutput, outputLatency } from "./playback/output.js";

const FADE_S = 0.012;

export class Compare {
  #bar;
  #words;
  #sides = {}; // a, b: {id, title, characters, about, buffer}
  #heard = "a";
  #context = null;
  #voice = null; // {node, gain, side, at, from}
  #held = 0; // seconds in the take that is heard
  #frame = 0;

  constructor(bar, words) {
    this.#bar = bar;
    this.#words = words;
    document.addEventListener("click", (event) => this.#clicked(event));
    document.addEventListener("keydown", (event) => this.#pressed(event));
    bar.querySelector("[data-compare-seek]").addEventListener("input", ({ target }) => this.#seek(Number(target.value) * this.#duration));
  }

  get isOpen() {
    return !this.#bar.hidden;
  }

  get isPlaying() {
    return Boolean(this.#voice);
  }

  pause() {
    if (!this.#voice) return;
    this.#held = this.#now;
    this.#silence();
    this.#show();
  }

  async load(side, card) {
    const other = side === "a" ? "b" : "a";
    if (this.#sides[side]?.id === card.dataset.take) return this.#unload(side);
    if (this.#sides[other]?.id === card.dataset.take) this.#unload(other);
    this.pause();
    this.#held = 0;
    const { take: id, title, characters, file } = card.dataset;
    const about = [...card.querySelectorAll("time, .take__voice")].map((part) => part.textContent.trim()).reverse().join(" · ");
    this.#sides[side] = { id, title, characters, about, buffer: null };
    this.#context = openOutput();
    this.#show();
    try {
      const response = await fetch(file);
      if (!response.ok) throw new Error(response.statusText);
      const buffer = await this.#context.decodeAudioData(await response.arrayBuffer());
      if (this.#sides[side]?.id === id) this.#sides[side].buffer = buffer;
    } catch {
      if (this.#sides[side]?.id === id) delete this.#sides[side];
      document.dispatchEvent(new CustomEvent("toast", { detail: { text: this.#words.noCompare, tone: "bad" } }));
    }
    this.#show();
  }

  get #duration() {
    return this.#sides[this.#heard]?.buffer?.duration ?? 0;
  }

  get #now() {
    if (!this.#voice) return this.#held;
    const { at, from } = this.#voice;
    return Math.min(this.#duration, Math.max(from, from + this.#context.currentTime - outputLatency(this.#context) - at));
  }

  get #isReady() {
    return Boolean(this.#sides.a?.buffer && this.#sides.b?.buffer);
  }

  #unload(side) {
    this.pause();
    delete this.#sides[side];
    this.#show();
  }

  /** Go on with the other take, at the same place. */
  #hear(side) {
    if (side === this.#heard || !this.#isReady) return;
    const share = this.#now / (this.#duration || 1);
    const seconds = this.#now;
    const isSameText = this.#sides.a.title === this.#sides.b.title && this.#sides.a.characters === this.#sides.b.characters;
    const wasPlaying = this.isPlaying;
    this.#heard = side;
    const place = isSameText ? share * this.#duration : Math.min(seconds, this.#duration);
    if (wasPlaying) this.#play(place);
    else this.#held = place;
    this.#show();
  }

  #play(from = this.#held) {
    if (!this.#isReady) return;
    openOutput();
    for (const player of document.querySelectorAll("#takes audio")) player.pause();
    this.#bar.dispatchEvent(new CustomEvent("compare:play", { bubbles: true }));
    if (from >= this.#duration - 0.02) from = 0;
    const context = this.#context;
    const at = context.currentTime + 0.005;
    this.#silence(at);
    const gain = new GainNode(context, { gain: 0 });
    const node = new AudioBufferSourceNode(context, { buffer: this.#sides[this.#heard].buffer });
    node.connect(gain).connect(context.destination);
    gain.gain.setValueAtTime(0, at);
    gain.gain.linearRampToValueAtTime(1, at + FADE_S);
    node.start(at, from);
    const voice = { node, gain, at, from };
    node.onended = () => {
      if (this.#voice !== voice) return;
      this.#voice = null;
      this.#held = 0;
      this.#show();
    };
    this.#voice = voice;
    this.#run();
    this.#show();
  }

  #silence(at = this.#context?.currentTime ?? 0) {
    if (!this.#voice) return;
    const { node, gain } = this.#voice;
    this.#voice = null;
    gain.gain.setValueAtTime(1, at);
    gain.gain.linearRampToValueAtTime(0, at + FADE_S);
    node.stop(at + FADE_S);
  }

  #seek(seconds) {
    if (this.#voice) this.#play(seconds);
    else this.#held = seconds;
    this.#show();
  }

  #run() {
    cancelAnimationFrame(this.#frame);
    const step = () => {
      this.#showTime();
      if (this.#voice) this.#frame = requestAnimationFrame(step);
    };
    this.#frame = requestAnimationFrame(step);
  }

  #clicked({ target }) {
    const chooser = target.closest("[data-compare]");
    if (chooser) return this.load(chooser.dataset.compare, chooser.closest("[data-take]"));
    const hearer = target.closest("[data-compare-hear]");
    if (hearer) return this.#hear(hearer.dataset.compareHear);
    if (target.closest("[data-compare-play]")) return this.#voice ? this.pause() : this.#play();
    if (target.closest("[data-compare-end]")) {
      this.pause();
      this.#sides = {};
      this.#show();
    }
  }

  #pressed(event) {
    if (!this.isOpen || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (event.target.closest?.("input:not([type=range]), textarea, select, dialog, [contenteditable]")) return;
    const key = event.key.toLowerCase();
    if (key === "a" || key === "b") this.#hear(key);
    else if (key === " " && !event.target.closest?.("button, a, input, summary")) this.#voice ? this.pause() : this.#play();
    else return;
    event.preventDefault();
    event.stopImmediatePropagation();
  }

  #show() {
    const { a, b } = this.#sides;
    this.#bar.hidden = !(a && b);
    for (const button of document.querySelectorAll("[data-compare]")) {
      const isChosen = this.#sides[button.dataset.compare]?.id === button.closest("[data-take]").dataset.take;
      button.setAttribute("aria-pressed", String(isChosen));
    }
    for (const button of this.#bar.querySelectorAll("[data-compare-hear]")) {
      button.setAttribute("aria-pressed", String(button.dataset.compareHear === this.#heard));
      button.disabled = !this.#isReady;
    }
    const isOneText = a?.title === b?.title; // then it says nothing about which is which
    for (const [name, take] of [["a", a], ["b", b]]) {
      this.#bar.querySelector(`[data-compare-name="${name}"]`).textContent = (isOneText ? take?.about : take?.title) ?? "";
    }
    const play = this.#bar.querySelector("[data-compare-play]");
    play.disabled = !this.#isReady;
    play.setAttribute("aria-label", this.#voice ? play.dataset.labelPause : play.dataset.labelPlay);
    play.querySelector("[data-icon-play]").hidden = Boolean(this.#voice);
    play.querySelector("[data-icon-pause]").hidden = !this.#voice;
    this.#bar.querySelector("[data-compare-says]").textContent = a && b && !this.#isReady ? this.#words.loading : "";
    this.#bar.dataset.hears = this.#heard;
    this.#showTime();
  }

  #showTime() {
    const seek = this.#bar.querySelector("[data-compare-seek]");
    const share = this.#duration ? this.#now / this.#duration : 0;
    seek.value = String(share);
    seek.style.setProperty("--fill", `${share * 100}%`);
    seek.setAttribute("aria-valuetext", clock(this.#now));
    this.#bar.querySelector("[data-compare-time]").textContent = `${clock(this.#now)} / ${clock(this.#duration)}`;
  }

  /** Marks of cards that have been drawn anew. */
  refresh() {
    this.#show();
  }
}
