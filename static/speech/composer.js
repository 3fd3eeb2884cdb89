/**
 * The form: what is set, what the chosen model allows, what it costs. It remembers the draft, so that nothing typed is lost.
 *
 * Events on the form: `speech:changed` (any setting or the text), `speech:text` (the text alone).
 */

import { setSlider, paintSliders } from "../js/sliders.js";

const PRICE_DELAY_MS = 300;
const DRAFT_DELAY_MS = 250;
const EFFECTS = ["modify_pitch", "modify_intensity", "modify_timbre", "sound_effects"];
const PRICED = ["text", "model", "voice_id", "timbre_weights"]; // what decides about the price
const VOICE = ["voice_id", "voice_label", "voice_meta", "voice_language", "timbre_weights"];
const NUMBERS = ["speed", "vol", "pitch", "modify_pitch", "modify_intensity", "modify_timbre"];
const SWITCHES = ["text_normalization", "latex_read", "continuous_sound", "use_dictionary"];
const CHOICES = ["model", "language_boost", "emotion", "sound_effects", "format", "sample_rate", "bitrate", "channel"];
const WHOLE = new Set(["sample_rate", "bitrate", "channel"]);
const IDEOGRAPHS = /[\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\u{20000}-\u{3ffff}]/gu;

export class Composer {
  problems = []; // what the server found in the text: [{sentence, start, end}], places in UTF-16
  #form;
  #words;
  #limits;
  #draftKey;
  #draftTimer = 0;
  #priceTimer = 0;
  #priceAsked = 0;
  #fee = 0; // US dollars, of voices that are used for the first time
  #usual; // the settings of a new page

  constructor(form, words) {
    this.#form = form;
    this.#words = words;
    this.#limits = JSON.parse(document.getElementById("speech-limits").textContent);
    this.#draftKey = `speech:draft:${form.dataset.workspace}`;
    this.#usual = this.settings();
    for (const slider of document.querySelectorAll("#speech-settings [data-slider]")) {
      const field = slider.querySelector("[name]").name;
      this.#usual[field] = Number(slider.dataset.default);
    }
    if (!("recalled" in form.dataset)) this.#recallDraft();
    document.addEventListener("input", (event) => event.target.form === form && event.target.name && this.#changed(event.target));
    document.addEventListener("change", (event) => event.target.form === form && event.target.name && this.#changed(event.target));
    addEventListener("pagehide", () => this.#saveDraft());
    document.addEventListener("click", (event) => {
      if (event.target.closest("[data-reset]")) this.apply(this.#usual);
      if (event.target.closest("[data-use-effect-format]")) this.set("format", this.#limits.effect_formats[0]);
    });
    this.#constrain();
    this.#count();
    this.#askPrice(0);
  }

  get limits() {
    return this.#limits;
  }

  get model() {
    return this.#limits.models[this.value("model")];
  }

  get text() {
    return this.#form.elements.text.value;
  }

  get speed() {
    return Number(this.value("speed")) || 1;
  }

  get mix() {
    try {
      return JSON.parse(this.#form.elements.timbre_weights.value || "[]") ?? [];
    } catch {
      return [];
    }
  }

  get hasEffects() {
    return EFFECTS.some((name) => !["", "0"].includes(String(this.value(name))));
  }

  /** What the sound will come as: the server streams voice changes as mp3 whatever is kept. */
  get streamFormat() {
    return this.hasEffects ? "mp3" : this.value("format");
  }

  value(name) {
    const field = this.#form.elements[name];
    return field?.type === "checkbox" ? field.checked : (field?.value ?? "");
  }

  settings() {
    const { voiceLabel: voice_label = "", voiceMeta: voice_meta = "", voiceLanguage: voice_language = "" } = this.#form.elements.voice_id.dataset;
    const settings = { voice_id: this.value("voice_id"), voice_label, voice_meta, voice_language };
    for (const name of NUMBERS) settings[name] = Number(this.value(name));
    for (const name of SWITCHES) settings[name] = this.value(name);
    for (const name of CHOICES) settings[name] = WHOLE.has(name) ? Number(this.value(name)) : this.value(name);
    settings.timbre_weights = this.mix;
    return settings;
  }

  /** The fields as the server's form wants them. */
  request() {
    const { voice_label: _label, voice_meta: _meta, voice_language: _language, ...settings } = this.settings();
    return { ...settings, timbre_weights: this.mix.map(({ voice_id, weight }) => ({ voice_id, weight })), text: this.text };
  }

  set(name, value) {
    const field = this.#form.elements[name];
    if (!field) return;
    const slider = field.closest?.("[data-slider]");
    if (slider) return setSlider(slider, value);
    if (field.type === "checkbox") field.checked = Boolean(value);
    else field.value = name === "timbre_weights" ? (value?.length ? JSON.stringify(value) : "") : (value ?? "");
    const target = field instanceof RadioNodeList ? [...field].find((one) => one.checked) : field;
    target?.dispatchEvent(new Event("change", { bubbles: true }));
  }

  /** Fill in settings; what they do not name stays. */
  apply(settings) {
    for (const [name, key] of Object.entries({ voice_label: "voiceLabel", voice_meta: "voiceMeta", voice_language: "voiceLanguage" })) {
      if (name in settings) this.#form.elements.voice_id.dataset[key] = settings[name];
    }
    for (const name of [...NUMBERS, ...CHOICES, ...SWITCHES, "timbre_weights", "voice_id"]) {
      if (name in settings && settings[name] !== null) this.set(name, settings[name]);
    }
    paintSliders(document.getElementById("speech-settings"));
  }

  /** Replace the text; the browser's undo brings the old one back. */
  setText(text) {
    const { text: field } = this.#form.elements;
    field.focus();
    field.select();
    if (document.execCommand("insertText", false, text)) return;
    field.value = text;
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }

  /** The first reason why this cannot be spoken, as {sentence, field}, or null. */
  refusal({ isTyped = false } = {}) {
    const count = length(this.text);
    const max = this.#limits.max_characters;
    if (!this.value("voice_id") && !this.mix.length) return { sentence: this.#words.noVoice, field: "voice_id" };
    if (isTyped) return null;
    if (!/[\p{L}\p{N}]/u.test(this.text)) return { sentence: this.#words.empty, field: "text" };
    if (count > max) {
      const figures = { count: group(count), max: group(max), over: group(count - max) };
      return { sentence: fill(this.#words.long, figures), field: "text" };
    }
    return null;
  }

  // --- what follows from a change ---

  #changed(field) {
    if (field.name === "text") {
      this.#count();
      this.#form.dispatchEvent(new CustomEvent("speech:text"));
    } else {
      this.#constrain();
    }
    if (PRICED.includes(field.name)) this.#askPrice(PRICE_DELAY_MS);
    this.#form.dispatchEvent(new CustomEvent("speech:changed", { detail: { name: field.name } }));
    clearTimeout(this.#draftTimer);
    this.#draftTimer = setTimeout(() => this.#saveDraft(), DRAFT_DELAY_MS);
  }

  #constrain() {
    const model = this.model;
    if (!model) return;
    const said = { model: model.label };

    let lost = "";
    for (const radio of this.#form.elements.emotion) {
      const isKnown = !radio.value || model.emotions.includes(radio.value);
      radio.disabled = !isKnown;
      if (radio.checked && !isKnown) lost = radio.value;
    }
    if (lost) [...this.#form.elements.emotion].find((radio) => !radio.value).checked = true;
    this.#because("emotion", lost && fill(this.#words.emotionOff, { ...said, emotion: this.#limits.emotions[lost] }), { isNews: true });

    const language = this.#form.elements.language_boost;
    for (const option of language.options) option.disabled = Boolean(option.value) && !model.languages.includes(option.value);
    const chosen = language.selectedOptions[0];
    this.#because("language_boost", chosen?.disabled && fill(this.#words.languageOff, { ...said, language: chosen.label }), { isNews: true });
    if (chosen?.disabled) language.value = "";

    const continuous = this.#form.elements.continuous_sound;
    continuous.disabled = !model.continuous_sound;
    if (continuous.disabled) continuous.checked = false;
    this.#because("continuous_sound", continuous.disabled && fill(this.#words.continuousOff, said));

    const latex = this.#form.elements.latex_read;
    const isChinese = ["", "Chinese"].includes(language.value);
    latex.disabled = !isChinese;
    if (!isChinese) latex.checked = false;
    this.#because("latex_read", !isChinese && this.#words.latex);

    this.#constrainSound();
    this.#showModel(model);
  }

  #constrainSound() {
    const { format, sample_rate: rate } = this.#form.elements;
    const { effect_formats: effectFormats, formats } = this.#limits;
    const allowed = effectFormats.map((name) => formats[name].label).join(", ");
    const takesEffects = effectFormats.includes(format.value);
    const { hasEffects } = this;
    for (const option of format.options) option.disabled = hasEffects && !effectFormats.includes(option.value);
    if (hasEffects && !takesEffects) format.value = effectFormats[0];
    this.#because("format", hasEffects && fill(this.#words.formatOff, { format: allowed }));

    const blocksEffects = !hasEffects && !takesEffects;
    for (const name of EFFECTS) {
      const field = this.#form.elements[name];
      field.disabled = blocksEffects;
      const range = field.closest("[data-slider]")?.querySelector('input[type="range"]');
      if (range) range.disabled = blocksEffects;
    }
    this.#because("effects", blocksEffects && fill(this.#words.formatOff, { format: allowed }));
    const changed = document.querySelector("[data-changed-effects]");
    const count = EFFECTS.filter((name) => !["", "0"].includes(String(this.value(name)))).length;
    changed.hidden = !count;
    changed.textContent = count;

    const audio = formats[format.value];
    for (const option of rate.options) option.disabled = !audio.sample_rates.includes(Number(option.value));
    const isOff = rate.selectedOptions[0]?.disabled;
    if (isOff) rate.value = String(audio.sample_rates.at(-1));
    const isNarrow = [...rate.options].some((option) => option.disabled);
    const rates = audio.sample_rates.map(group).join(", ");
    this.#because("sample_rate", isNarrow && fill(this.#words.rateOff, { format: audio.label, rates }));

    const bitrate = document.querySelector("[data-bitrate-field]");
    bitrate.hidden = !audio.bitrate;
    const summary = [audio.label, `${Number(rate.value) / 1000} kHz`];
    if (audio.bitrate) summary.push(`${Number(this.value("bitrate")) / 1000} kbit/s`);
    document.querySelector("[data-output-summary]").textContent = summary.join(" · ");
  }

  #showModel(model) {
    for (const place of document.querySelectorAll("[data-model-name]")) place.textContent = model.label;
    const price = document.querySelector("[data-model-price]");
    price.textContent = model.price_per_million === null ? "" : fill(price.dataset.unit, { price: usd(model.price_per_million) });
  }

  /** Say under a control why something about it is off. News stays until the next change of the model. */
  #because(name, sentence, { isNews = false } = {}) {
    const place = document.querySelector(`[data-reason="${name}"]`);
    if (!sentence && isNews && place.dataset.model === this.value("model")) return;
    place.dataset.model = this.value("model");
    (place.querySelector("[data-reason-text]") ?? place).textContent = sentence || "";
    place.hidden = !sentence;
  }

  // --- counting and price ---

  #count() {
    const text = this.text;
    const count = length(text);
    const billed = count + (text.match(IDEOGRAPHS)?.length ?? 0);
    const spoken = this.model?.price_per_million == null ? null : (billed * this.model.price_per_million) / 1e6;
    this.#showFigures({ count, billed, dollars: spoken === null ? null : spoken + this.#fee });
  }

  /** Whom the price is asked for: the voice, or those of the mix. */
  get #speakers() {
    return this.mix.length ? this.mix.map(({ voice_id }) => voice_id) : [this.value("voice_id")].filter(Boolean);
  }

  #showFigures({ count, billed, dollars }) {
    const isFree = "free" in this.#form.dataset;
    const max = this.#limits.max_characters;
    document.querySelector("[data-characters]").textContent = group(count);
    document.querySelector("[data-max]").textContent = group(max);
    document.querySelector("[data-billed]").textContent = group(billed);
    document.querySelector("[data-billed-row]").hidden = billed === count;
    document.querySelector("[data-count]").toggleAttribute("data-over", count > max);
    const price = document.querySelector("[data-price]");
    price.textContent = isFree ? price.dataset.freeWord : dollars === null ? price.dataset.unknownWord : usd(dollars);
    const cost = document.querySelector("[data-cost-row]");
    cost.hidden = !isFree || dollars === null || !count;
    const fee = document.querySelector("[data-fee-row]");
    fee.hidden = !this.#fee;
    fee.querySelector("[data-fee]").textContent = usd(this.#fee);
    cost.querySelector("[data-cost]").textContent = dollars === null ? "" : usd(dollars);
  }

  /** Ask anew: a take has been kept, and with it perhaps the voice, whose fee is paid now. */
  refreshPrice() {
    this.#askPrice(0);
  }

  #askPrice(delay) {
    clearTimeout(this.#priceTimer);
    this.#priceTimer = setTimeout(() => this.#fetchPrice(), delay);
  }

  /** The server's own count and what it finds wrong with the text; the figures on the page were a guess until then. */
  async #fetchPrice() {
    const number = ++this.#priceAsked;
    const text = this.text;
    const body = new URLSearchParams({ model: this.value("model"), text });
    for (const voice of this.#speakers) body.append("voice_id", voice);
    const { "X-CSRFToken": token } = JSON.parse(document.body.getAttribute("hx-headers"));
    let answer;
    try {
      const response = await fetch(this.#form.dataset.priceUrl, { method: "POST", body, headers: { Accept: "application/json", "X-CSRFToken": token } });
      if (!response.ok) return;
      answer = await response.json();
    } catch {
      return; // offline: the guess stays, the server counts again when it is asked to speak
    }
    if (number !== this.#priceAsked) return;
    this.#fee = Number(answer.fee_usd);
    const perMillion = this.model?.price_per_million;
    const dollars = answer.is_free ? (perMillion == null ? null : (answer.billed_characters * perMillion) / 1e6) : answer.usd === null ? null : Number(answer.usd);
    this.#showFigures({ count: answer.characters, billed: answer.billed_characters, dollars });
    const places = utf16Places(text);
    this.problems = answer.problems.map((problem) => ({ ...problem, start: places(problem.start), end: places(problem.end) }));
    this.#form.dispatchEvent(new CustomEvent("speech:problems"));
  }

  // --- the draft ---

  #recallDraft() {
    let draft;
    try {
      draft = JSON.parse(localStorage.getItem(this.#draftKey));
    } catch {
      return; // storage is blocked, or holds something else
    }
    if (!draft) return;
    if (!this.text && draft.text) this.#form.elements.text.value = draft.text;
    if (!draft.settings) return;
    // The voice of the address, or one that the workspace has chosen since, comes before that of the draft.
    const { voiceGiven, house } = this.#form.dataset;
    const isOlder = Boolean(house) && draft.house !== house;
    const yields = voiceGiven !== undefined ? VOICE : isOlder ? [...VOICE, "model"] : [];
    this.apply(Object.fromEntries(Object.entries(draft.settings).filter(([name]) => !yields.includes(name))));
  }

  #saveDraft() {
    clearTimeout(this.#draftTimer);
    try {
      localStorage.setItem(this.#draftKey, JSON.stringify({ text: this.text, settings: this.settings(), house: this.#form.dataset.house }));
    } catch {
      // Storage is full or blocked: the text is still in the page.
    }
  }
}

/** Code points, as MiniMax counts. */
export function length(text) {
  let count = 0;
  for (const _character of text) count += 1;
  return count;
}

export function fill(sentence, values) {
  return sentence.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

export function group(number) {
  return Number(number).toLocaleString(document.documentElement.lang || undefined);
}

/** As the template filter `usd`: cents, and below ten cents as many places as two figures need. */
export function usd(value) {
  if (value === 0 || value >= 0.1) return `$${value.toLocaleString("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 2 })}`;
  const places = -Math.floor(Math.log10(value)) + 1;
  if (places > 6) return "<$0.00001";
  const digits = value.toFixed(places).replace(/0+$/, "");
  return `$${digits.length >= 4 ? digits : value.toFixed(2)}`;
}

/** Minutes and seconds; under ten seconds a tenth counts. */
export function clock(seconds) {
  if (!(seconds > 0)) return "0:00";
  if (seconds < 9.95) return `0:0${seconds.toFixed(1)}`;
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

function utf16Places(text) {
  const isPlain = length(text) === text.length;
  if (isPlain) return (place) => place;
  const places = [];
  let at = 0;
  for (const character of text) {
    places.push(at);
    at += character.length;
  }
  return (place) => places[place] ?? text.length;
}
