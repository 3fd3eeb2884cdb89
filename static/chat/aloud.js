/**
 * Reads a reply aloud, from its first sentence on while the rest is still being written: a take of type-to-speak, whose sentences come
 * from the reply. Code, tables and formulas are left out. The take is kept in the library like every other.
 */
import { newId } from "./ids.js";
import { choosePlayback, makePlayback } from "../speech/playback/choose.js";
import { openOutput } from "../speech/playback/output.js";
import { finishedLength, hasWords } from "../speech/sentences.js";
import { SpeechSocket } from "../speech/socket.js";
import { VoicePicker } from "../speech/voice_picker.js";

const LOOK_MS = 150;
const SILENT = "figure, .prose__table, .prose__formula, math, hr";
const VOICE = "chat:voice";

export class Aloud {
  #page;
  #socket = null;
  #reading = null; // {article, click, take, playback, sent, isOver, isEnded}
  #timer = 0;
  #picker;
  #voiceName = document.querySelector("[data-aloud-voice]");
  #auto = document.querySelector("[data-aloud-auto]");

  constructor(page) {
    this.#page = page;
    this.#picker = new VoicePicker(document.getElementById("voice-picker"), { noSample: page.dataset.noSample });
    document.querySelector("[data-aloud-pick]").addEventListener("click", () =>
      this.#picker.show(this.#voice.voice_id, ({ voice_id, name }) => {
        localStorage.setItem(VOICE, JSON.stringify({ voice_id, name }));
        this.#showVoice();
      }),
    );
    this.#auto.checked = localStorage.getItem("chat:aloud") === "on";
    this.#auto.addEventListener("change", () => localStorage.setItem("chat:aloud", this.#auto.checked ? "on" : "off"));
    this.#showVoice();
  }

  /** Whether replies are to be read as they arrive; ask inside of a press. */
  prepare() {
    if (this.#auto.checked) openOutput();
    return this.#auto.checked;
  }

  toggle(article) {
    const isSame = this.#reading?.article.id === article.id;
    this.stop();
    if (!isSame) this.read(article);
  }

  read(article) {
    this.stop();
    openOutput();
    const format = choosePlayback("mp3");
    const request = { ...JSON.parse(this.#page.dataset.speech), voice_id: this.#voice.voice_id, text: "" };
    const playback = makePlayback(format, Number(request.sample_rate));
    const reading = { article, click: newId(), take: "", playback, sent: 0, isEnded: false };
    this.#reading = reading;
    playback.isExpecting = () => false; // a pause between sentences is no gap
    playback.addEventListener("ended", () => this.#reading === reading && this.#done());
    this.#open().ask({ type: "type_start", click: reading.click, playback: format, request });
    this.#mark();
    this.heed();
  }

  stop() {
    const reading = this.#reading;
    if (!reading) return;
    this.#reading = null;
    reading.playback.stop();
    if (reading.take && !reading.isEnded) this.#socket.tell({ type: "stop", take: reading.take });
    this.#mark();
  }

  /** Something was added to the reply that is read. */
  heed() {
    if (!this.#reading) return;
    this.#timer ||= setTimeout(() => {
      this.#timer = 0;
      this.#send();
    }, LOOK_MS);
  }

  #send() {
    const reading = this.#reading;
    if (!reading?.take || reading.isEnded) return;
    const article = document.getElementById(reading.article.id);
    const text = spokenText(article);
    const isOver = article.dataset.status !== "running";
    const rest = text.slice(reading.sent);
    const length = isOver ? rest.length : finishedLength(rest);
    if (length && hasWords(rest.slice(0, length))) {
      this.#socket.tell({ type: "type_text", take: reading.take, text: rest.slice(0, length) });
      reading.sent += length;
    }
    if (isOver) {
      reading.isEnded = true;
      this.#socket.tell({ type: "type_end", take: reading.take });
    }
  }

  #open() {
    if (this.#socket) return this.#socket;
    const socket = new SpeechSocket(this.#page.dataset.speechSocket);
    socket.addEventListener("audio", ({ detail: { take, bytes } }) => take === this.#reading?.take && this.#reading.playback.push(bytes));
    socket.addEventListener("message", ({ detail }) => this.#heard(detail));
    socket.open();
    this.#socket = socket;
    return socket;
  }

  #heard(message) {
    const reading = this.#reading;
    if (message.type === "started" && message.click === reading?.click) {
      reading.take = message.take;
      reading.playback.start(message.audio);
      this.heed();
    } else if (message.type === "finished" && message.take === reading?.take) {
      reading.playback.end();
      if (!reading.playback.duration) this.#done();
    } else if (message.type === "failed" && message.take === reading?.take) {
      this.#complain(message.error.sentence);
    } else if (message.type === "refused" && reading && (message.click === reading.click || message.take === reading.take)) {
      this.#complain(message.message);
    }
  }

  #complain(text) {
    document.dispatchEvent(new CustomEvent("toast", { detail: { text, tone: "bad" } }));
    this.#reading.isEnded = true;
    this.stop();
  }

  #done() {
    this.#reading.isEnded = true;
    this.stop();
  }

  #mark() {
    for (const button of document.querySelectorAll("[data-aloud]")) {
      const isReading = button.closest("article").id === this.#reading?.article.id;
      button.setAttribute("aria-pressed", String(isReading));
    }
  }

  get #voice() {
    return JSON.parse(localStorage.getItem(VOICE) ?? "null") ?? { voice_id: this.#page.dataset.voice, name: this.#page.dataset.voiceName };
  }

  #showVoice() {
    this.#voiceName.textContent = this.#voice.name;
  }
}

const spoken = new WeakMap(); // finished block → its words

/** What of a reply is spoken: its prose, block by block. Blocks that are finished are read once. */
function spokenText(article) {
  const lines = [];
  for (const part of article.querySelectorAll(".prose")) {
    const finished = part.querySelector("[data-done]");
    if (!finished) lines.push(...[...part.children].map(wordsOf));
    else {
      for (const group of finished.children) {
        for (const block of group.children) {
          if (!spoken.has(block)) spoken.set(block, wordsOf(block));
          lines.push(spoken.get(block));
        }
      }
      lines.push(...[...part.querySelector("[data-open]").children].map(wordsOf));
    }
  }
  return lines.filter(Boolean).join("\n");
}

function wordsOf(block) {
  if (block.matches(SILENT)) return "";
  const copy = block.cloneNode(true);
  for (const silent of copy.querySelectorAll(SILENT)) silent.remove();
  for (const inner of copy.querySelectorAll("p, li")) inner.append("\n");
  return copy.textContent.replace(/[ \t]+/g, " ").replace(/\s*\n\s*/g, "\n").trim();
}
