/**
 * Which word is being spoken, and where it stands in the text. No DOM in here.
 *
 * Times come from the server while the sound arrives. Until the first ones do, and for models that send none, they are estimated
 * from the length of the words; the first true ones replace the guess.
 */

const MARKUP = /<#\d+(?:\.\d+)?#>|\((?:[a-z]+(?:-[a-z]+)*)\)/g;
const WORDS = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]|[^\s\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]+/gu;
const MS_PER_LETTER = 68;
const MS_PER_IDEOGRAPH = 215;
const LOOK_AHEAD = 400; // characters searched for the next word; beyond it something was read differently than written

export class WordTrack {
  isExact = false;
  #text = "";
  #lower = "";
  #words = []; // {text, start_ms, end_ms, from, to}: from and to are places in the text, or -1
  #place = 0; // up to here the text is matched
  #speed = 1;

  constructor(text, { speed = 1 } = {}) {
    this.#speed = speed;
    this.setText(text);
    this.#words = estimateWords(text, speed);
  }

  get words() {
    return this.#words;
  }

  get coveredUntil() {
    return this.isExact ? this.#place : 0;
  }

  /** Type-to-speak: the text grows while it is spoken. */
  setText(text) {
    this.#text = text;
    this.#lower = text.toLowerCase();
    if (!this.isExact) this.#words = estimateWords(text, this.#speed);
  }

  /** Take in words with their times; what was sent before (after a reconnect) is known by its time. */
  add(words, exact = true) {
    if (exact && !this.isExact) {
      this.isExact = true;
      this.#words = [];
      this.#place = 0;
    }
    for (const word of words) {
      const last = this.#words.at(-1);
      if (last && word.start_ms <= last.start_ms) continue;
      this.#words.push({ ...word, ...this.#find(word.text) });
    }
  }

  /** An estimate that does not fit the sound's true length is stretched to it. */
  fit(durationMs) {
    const last = this.#words.at(-1);
    if (this.isExact || !last || !durationMs) return;
    const factor = durationMs / last.end_ms;
    for (const word of this.#words) {
      word.start_ms *= factor;
      word.end_ms *= factor;
    }
  }

  /** Number of the word heard at `ms`: the last that has begun. -1 before the first. */
  indexAt(ms) {
    let low = 0;
    let high = this.#words.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#words[middle].start_ms <= ms) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  /** Number of the word at a place of the text, or of the next one. */
  indexAtPlace(place) {
    return this.#words.findIndex(({ to }) => to > place);
  }

  #find(spoken) {
    const word = spoken.trim().toLowerCase();
    for (const wanted of [word, word.replace(/^[^\p{L}\p{N}]+|[^\p{L}\p{N}]+$/gu, "")]) {
      const from = wanted ? this.#lower.indexOf(wanted, this.#place) : -1;
      if (from >= 0 && from - this.#place <= LOOK_AHEAD) {
        this.#place = from + wanted.length;
        return { from, to: this.#place };
      }
    }
    return { from: -1, to: -1 };
  }
}

/** Guess when each word of a text is spoken. */
export function estimateWords(text, speed = 1) {
  const words = [];
  let ms = 0;
  let place = 0;
  const speak = (part, offset) => {
    for (const { 0: word, index } of part.matchAll(WORDS)) {
      const isIdeograph = word.length <= 2 && /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]/u.test(word);
      const length = isIdeograph ? MS_PER_IDEOGRAPH : 90 + word.length * MS_PER_LETTER;
      const rest = /[.!?。！？…]["'”’)]*$/u.test(word) ? 380 : /[,;:、，；：]$/u.test(word) ? 180 : 0;
      words.push({ text: word, start_ms: ms, end_ms: ms + length / speed, from: offset + index, to: offset + index + word.length });
      ms += (length + rest) / speed;
    }
  };
  for (const mark of text.matchAll(MARKUP)) {
    speak(text.slice(place, mark.index), place);
    place = mark.index + mark[0].length;
    ms += mark[0].startsWith("<#") ? Number(mark[0].slice(2, -2)) * 1000 : 700;
  }
  speak(text.slice(place), place);
  return words;
}

export function estimateSeconds(text, speed = 1) {
  return (estimateWords(text, speed).at(-1)?.end_ms ?? 0) / 1000;
}

/** The parts of a text that are not spoken: [{from, to, kind: "pause" | "sound", value}]. */
export function findMarks(text, soundTags) {
  const marks = [];
  for (const { 0: mark, index } of text.matchAll(MARKUP)) {
    const isPause = mark.startsWith("<#");
    const value = isPause ? mark.slice(2, -2) : mark.slice(1, -1);
    if (isPause || soundTags.has(value)) marks.push({ from: index, to: index + mark.length, kind: isPause ? "pause" : "sound", value });
  }
  return marks;
}
