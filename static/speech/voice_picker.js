/** Choosing a voice by ear: samples play while the pointer or the focus rests on a voice, those that cost only on a press. */

import { open } from "../js/dialogs.js";
import { fill } from "./composer.js";

const REST_MS = 350;

export class VoicePicker {
  #dialog;
  #list;
  #words;
  #picked = null;
  #wasOpen = false;
  #samples = new Map(); // voice → blob URL
  #audio = new Audio();
  #playing = null;
  #timer = 0;

  constructor(dialog, words) {
    this.#dialog = dialog;
    this.#list = dialog.querySelector("#voice-list");
    this.#words = words;
    const search = dialog.querySelector("#voice-q");
    dialog.addEventListener("close", () => this.#hush());
    dialog.addEventListener("keydown", (event) => this.#moved(event, search));
    this.#list.addEventListener("click", ({ target }) => {
      if (target.closest("[data-every-language]")) return this.#widen(search);
      const voice = target.closest("[data-voice]");
      if (!voice) return;
      if (target.closest("[data-hear]")) return this.#playing === voice ? this.#hush() : this.#hear(voice, true);
      if (target.closest("[data-choose]")) this.#choose(voice);
    });
    this.#list.addEventListener("pointerover", ({ target, pointerType }) => pointerType === "mouse" && this.#rest(target.closest("[data-voice]")));
    this.#list.addEventListener("pointerleave", () => this.#rest(null));
    this.#list.addEventListener("focusin", ({ target }) => target.matches(":focus-visible") && this.#rest(target.closest("[data-voice]")));
    this.#audio.addEventListener("ended", () => this.#hush());
  }

  /** Let the person choose; picked({voice_id, name, meta}) is called once if they do. */
  show(chosen, picked, { language = "", isForMix = false } = {}) {
    this.#picked = picked;
    this.#dialog.toggleAttribute("data-for-mix", isForMix); // a mix is no part of another
    const select = this.#dialog.querySelector("#voice-language");
    if (language && !this.#wasOpen) select.add(new Option(language, language, true, true)); // begin among its neighbours
    this.#wasOpen = true;
    this.#dialog.querySelector("[data-chosen-voice]").value = chosen;
    this.#dialog.querySelector("[data-picker-says]").textContent = "";
    open(this.#dialog);
    this.#dialog.querySelector("#voice-filters").dispatchEvent(new CustomEvent("picker:open"));
    this.#dialog.querySelector("#voice-q").focus();
  }

  #widen(search) {
    const select = this.#dialog.querySelector("#voice-language");
    select.value = "";
    select.dispatchEvent(new Event("change", { bubbles: true }));
    search.focus();
  }

  #choose(voice) {
    this.#dialog.close();
    const { voice: voice_id, name, meta, language } = voice.dataset;
    this.#picked?.({ voice_id, name, meta, language });
    this.#picked = null;
  }

  #rest(voice) {
    clearTimeout(this.#timer);
    if (voice === this.#playing) return;
    this.#hush();
    if (voice && ["ready", "free"].includes(voice.dataset.sample)) this.#timer = setTimeout(() => this.#hear(voice, false), REST_MS);
  }

  #hush() {
    clearTimeout(this.#timer);
    this.#audio.pause();
    this.#playing?.removeAttribute("data-state");
    this.#playing = null;
  }

  async #hear(voice, isAsked) {
    this.#hush();
    if (voice.dataset.sample === "own") return; // it is heard on its own page
    this.#playing = voice;
    voice.dataset.state = "loading";
    const says = this.#dialog.querySelector("[data-picker-says]");
    says.textContent = "";
    try {
      const url = await this.#sample(voice);
      if (this.#playing !== voice) return;
      this.#audio.src = url;
      await this.#audio.play();
      if (this.#playing === voice) voice.dataset.state = "playing";
    } catch (error) {
      if (this.#playing !== voice) return;
      this.#hush();
      if (isAsked) says.textContent = error.sentence ?? this.#words.noSample;
    }
  }

  async #sample(voice) {
    const id = voice.dataset.voice;
    if (this.#samples.has(id)) return this.#samples.get(id);
    const address = this.#list.dataset.sampleUrl;
    const isReady = voice.dataset.sample === "ready";
    const response = await (isReady ? fetch(`${address}?${new URLSearchParams({ voice_id: id })}`) : this.#make(address, id));
    if (!response.ok) {
      const refusal = response.headers.get("Content-Type")?.includes("json") ? await response.json() : {};
      throw Object.assign(new Error("no sample"), { sentence: refusal.sentence && `${refusal.sentence} ${refusal.next_step ?? ""}` });
    }
    const url = URL.createObjectURL(await response.blob());
    this.#samples.set(id, url);
    voice.dataset.sample = "ready";
    voice.querySelector("[data-sample-cost]")?.remove();
    return url;
  }

  #make(address, id) {
    const { "X-CSRFToken": token } = JSON.parse(document.body.getAttribute("hx-headers"));
    return fetch(address, { method: "POST", body: new URLSearchParams({ voice_id: id }), headers: { "X-CSRFToken": token } });
  }

  #moved(event, search) {
    const isForMix = this.#dialog.hasAttribute("data-for-mix");
    const voices = [...this.#list.querySelectorAll(isForMix ? "[data-voice]:not([data-mixed])" : "[data-voice]")];
    const voice = event.target.closest?.("[data-voice]");
    const at = voices.indexOf(voice);
    const go = (next) => next && (event.preventDefault(), next.querySelector("[data-choose]").focus());
    if (event.key === "ArrowDown") return go(voices[at + 1] ?? voices[0]);
    if (event.key === "ArrowUp" && voice) return at ? go(voices[at - 1]) : (event.preventDefault(), search.focus());
    if (event.key === "Enter" && event.target === search && voices.length) {
      event.preventDefault();
      return this.#choose(voices[0]);
    }
    if (!voice) return;
    if (event.key === "Home") go(voices[0]);
    else if (event.key === "End") go(voices.at(-1));
    else if (event.key === "ArrowRight" || event.key === "ArrowLeft") {
      event.preventDefault();
      this.#playing === voice ? this.#hush() : this.#hear(voice, true);
    } else if (event.key.length === 1 && /\S/.test(event.key) && !event.ctrlKey && !event.metaKey && !event.altKey) {
      search.focus(); // go on searching
    }
  }
}

/** Voices as colours: the same voice has the same mark everywhere. */
export function paintGlyph(element, voice) {
  let hash = 7;
  for (const character of voice) hash = (hash * 31 + character.codePointAt(0)) % 100_003;
  element.style.setProperty("--hue", String(hash % 360));
  element.style.setProperty("--turn", `${(hash * 7) % 360}deg`);
}

/** The voice of the form: one, or a mix of up to four. */
export class VoiceChoice {
  #form;
  #composer;
  #picker;
  #words;
  #box = document.querySelector("[data-mix]");

  constructor(form, composer, picker, words) {
    this.#form = form;
    this.#composer = composer;
    this.#picker = picker;
    this.#words = words;
    document.addEventListener("click", ({ target }) => this.#clicked(target));
    this.#box.addEventListener("input", ({ target }) => target.matches("[data-mix-weight]") && this.#weighed());
    form.addEventListener("speech:changed", ({ detail }) => ["voice_id", "timbre_weights"].includes(detail.name) && this.draw());
    this.draw();
  }

  draw() {
    const { mix } = this.#composer;
    const { voice_id: field } = this.#form.elements;
    const isMix = mix.length > 0;
    this.#box.hidden = !isMix;
    document.querySelector("[data-single-voice]").hidden = isMix;
    document.querySelector("[data-mix-begin]").hidden = isMix;
    const name = isMix ? fill(this.#words.mixed, { count: mix.length }) : field.dataset.voiceLabel || field.value;
    if (name) for (const place of document.querySelectorAll("[data-voice-name]")) place.textContent = name;
    if ("voiceMeta" in field.dataset) document.querySelector("span[data-voice-meta]").textContent = field.dataset.voiceMeta;
    for (const glyph of document.querySelectorAll("[data-voice-glyph]")) paintGlyph(glyph, isMix ? mix.map(({ voice_id }) => voice_id).join() : field.value);
    if (isMix) this.#drawMix(mix);
  }

  #drawMix(mix) {
    const rows = this.#box.querySelector("[data-mix-rows]");
    const template = document.querySelector("template[data-mix-row]");
    const whole = mix.reduce((sum, { weight }) => sum + weight, 0);
    while (rows.children.length > mix.length) rows.lastElementChild.remove();
    while (rows.children.length < mix.length) rows.append(template.content.cloneNode(true));
    const shares = [];
    mix.forEach(({ voice_id, name, weight }, place) => {
      const row = rows.children[place];
      const percent = Math.round((100 * weight) / whole);
      row.dataset.place = place;
      row.querySelector("[data-mix-name]").textContent = name || voice_id;
      row.querySelector("[data-mix-pick]").setAttribute("aria-label", `${fill(this.#words.mixVoice, { number: place + 1 })}: ${name || voice_id}`);
      paintGlyph(row.querySelector(".mix__dot"), voice_id);
      const range = row.querySelector("[data-mix-weight]");
      range.value = weight;
      range.style.setProperty("--fill", `${weight}%`);
      row.querySelector("[data-mix-percent]").textContent = `${percent}%`;
      const share = document.createElement("span");
      share.style.flexGrow = weight;
      paintGlyph(share, voice_id);
      shares.push(share);
    });
    this.#box.querySelector("[data-mix-share]").replaceChildren(...shares);
    this.#box.querySelector("[data-mix-add]").disabled = mix.length >= this.#composer.limits.timbre_weights.max_items;
  }

  #clicked(target) {
    if (target.closest("[data-pick-voice]")) return this.#pick();
    if (target.closest("[data-mix-begin]")) return this.#begin();
    if (target.closest("[data-mix-end]")) return this.#composer.set("timbre_weights", []);
    if (target.closest("[data-mix-add]")) return this.#addToMix();
    const row = target.closest("[data-mix-rows] > li");
    if (!row) return;
    const { mix } = this.#composer;
    const place = Number(row.dataset.place);
    if (target.closest("[data-mix-remove]")) {
      mix.splice(place, 1);
      this.#composer.set("timbre_weights", mix);
    } else if (target.closest("[data-mix-pick]")) {
      this.#picker.show(mix[place].voice_id, ({ voice_id, name }) => {
        mix[place] = { ...mix[place], voice_id, name };
        this.#composer.set("timbre_weights", unique(mix));
      }, { isForMix: true });
    }
  }

  #pick() {
    if (this.#composer.mix.length) return this.#addToMix();
    const { voice_id: field } = this.#form.elements;
    const chosen = ({ voice_id, name, meta, language }) => {
      Object.assign(field.dataset, { voiceLabel: name, voiceMeta: meta, voiceLanguage: language });
      this.#composer.set("voice_id", voice_id);
    };
    this.#picker.show(field.value, chosen, { language: field.dataset.voiceLanguage });
  }

  #begin() {
    const { voice_id: field } = this.#form.elements;
    const first = field.value && field.dataset.voiceMeta !== this.#words.saved ? [{ voice_id: field.value, name: field.dataset.voiceLabel, weight: 50 }] : [];
    this.#picker.show("", ({ voice_id, name }) => this.#composer.set("timbre_weights", unique([...first, { voice_id, name, weight: 50 }])), { isForMix: true });
  }

  #addToMix() {
    const { mix } = this.#composer;
    if (mix.length >= this.#composer.limits.timbre_weights.max_items) return;
    this.#picker.show("", ({ voice_id, name }) => this.#composer.set("timbre_weights", unique([...mix, { voice_id, name, weight: 50 }])), { isForMix: true });
  }

  #weighed() {
    const { mix } = this.#composer;
    for (const row of this.#box.querySelectorAll("[data-mix-rows] > li")) mix[row.dataset.place].weight = Number(row.querySelector("[data-mix-weight]").value);
    this.#composer.set("timbre_weights", mix);
  }
}

function unique(mix) {
  return mix.filter(({ voice_id }, place) => mix.findIndex((one) => one.voice_id === voice_id) === place);
}
