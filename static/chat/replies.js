/**
 * Draws replies while they arrive: thirty times a second at the most, in step with the screen, and whatever came meanwhile together: words
 * as one piece, of several renderings of the open block the last. Finished blocks are added once; only the open one is put anew.
 *
 * Events: `before` and `after` {replies: ids} a drawing.
 */
import { dressCode } from "./code.js";
import { Sayer } from "./sayer.js";

const BLOCKS = new Set(["P", "LI", "UL", "OL", "H3", "H4", "H5", "H6", "BLOCKQUOTE", "TABLE", "TBODY", "TR", "TD", "TH", "FIGURE", "PRE", "CODE"]);
const HIDDEN_MS = 250; // between two drawings of a page that nobody sees, whose screen has no frames
const PAUSE_MS = 30;
const GROUP = 24; // finished blocks that are laid out as one
const HEADING = /^H\d$/;

export class Replies extends EventTarget {
  #sayer = new Sayer();
  #waiting = [];
  #isDue = false;
  #drawnAt = 0;

  constructor() {
    super();
    document.addEventListener("visibilitychange", () => document.hidden && this.flush());
  }

  /** Show this change with the next frame, or with the one after it. */
  take(frame) {
    this.#waiting.push(frame);
    if (this.#isDue) return;
    this.#isDue = true;
    const wait = this.#drawnAt + PAUSE_MS - performance.now();
    if (document.hidden) setTimeout(() => this.flush(), HIDDEN_MS);
    else if (wait > 0) setTimeout(() => requestAnimationFrame(() => this.flush()), wait - 8);
    else requestAnimationFrame(() => this.flush());
  }

  /** Show all that has come. */
  flush() {
    this.#isDue = false;
    if (!this.#waiting.length) return;
    this.#drawnAt = performance.now();
    const frames = together(this.#waiting);
    this.#waiting = [];
    const replies = new Set(frames.map(({ m }) => m));
    this.dispatchEvent(new CustomEvent("before", { detail: { replies } }));
    for (const frame of frames) this.#show(frame);
    this.dispatchEvent(new CustomEvent("after", { detail: { replies } }));
  }

  #show(frame) {
    const article = document.getElementById(`message-${frame.m}`);
    if (!article) return;
    const parts = article.querySelector("[data-parts]");
    if (frame.k === "reset") return parts.replaceChildren();
    if (frame.k === "part") return begin(parts, frame);
    const part = parts.children[frame.p];
    if (!part) return;
    if (frame.k === "tail") this.#addTail(part, frame.s);
    else if (frame.k === "html") this.#addHtml(part, frame);
    else if (frame.k === "thought") endThought(part, frame.ms);
  }

  /** The reply is over: nothing of what was drawn moves. */
  end(article) {
    this.flush();
    for (const part of article.querySelectorAll('[data-part="text"]')) this.#sayer.finish(part);
    for (const part of article.querySelectorAll("details[data-running]")) delete part.dataset.running;
  }

  #addTail(part, text) {
    if (part.dataset.part === "think") return append(part.querySelector("[data-thought]"), text);
    append(deepest(part.querySelector("[data-open]")), text);
    part.hidden = false;
    this.#sayer.heed(part);
  }

  #addHtml(part, { done, open }) {
    if (done) addFinished(part.querySelector("[data-done]"), done);
    const growing = part.querySelector("[data-open]");
    growing.innerHTML = open;
    for (const block of growing.children) dressCode(block);
    if (done || open) part.hidden = false;
    this.#sayer.heed(part);
  }
}

/** The same changes, fewer of them. */
function together(frames) {
  const kept = [];
  const last = new Map(); // reply → its last change that another one may still join
  for (const frame of frames) {
    const before = last.get(frame.m);
    const isSamePart = before?.p === frame.p;
    if (isSamePart && frame.k === "tail" && before.k === "tail") before.s += frame.s;
    else if (isSamePart && frame.k === "html" && before.html) {
      before.html.done += frame.done;
      before.html.open = frame.open;
      if (before !== before.html) before.s = ""; // what it said is in the new rendering
      last.set(frame.m, before.html);
    } else {
      const own = { ...frame };
      if (frame.k === "html") own.html = own;
      else if (frame.k === "tail" && isSamePart) own.html = before.html; // words that follow a rendering
      kept.push(own);
      if (frame.k === "html" || frame.k === "tail") last.set(frame.m, own);
      else last.delete(frame.m);
    }
  }
  return kept.filter((frame) => frame.k !== "tail" || frame.s);
}

function begin(parts, { of, name }) {
  parts.append(document.getElementById(`chat-part-${of}`).content.cloneNode(true));
  if (of === "call") parts.lastElementChild.querySelector("[data-name]").textContent = name;
}

/** Put finished blocks into groups, so that a long reply is laid out by groups and not by blocks; none begins with a heading. */
function addFinished(finished, html) {
  const arrived = document.createElement("template");
  arrived.innerHTML = html;
  dressCode(arrived.content);
  let group = finished.lastElementChild;
  for (const block of [...arrived.content.children]) {
    if (!group || (group.childElementCount >= GROUP && !HEADING.test(block.tagName))) {
      group = document.createElement("div");
      group.className = "prose__group";
      finished.append(group);
    }
    group.append(block);
  }
}

/** Add to the text that is there: many small pieces would be laid out one by one. */
function append(element, text) {
  if (element.lastChild?.nodeType === Node.TEXT_NODE) element.lastChild.appendData(text);
  else element.append(text);
}

/** The block that text at the end belongs into. */
function deepest(element) {
  let found = element;
  for (let last = element.lastElementChild; last; last = last.lastElementChild) {
    if (BLOCKS.has(last.tagName) || last.classList.contains("prose__table")) found = last;
    else break;
  }
  return found;
}

function endThought(part, ms) {
  const label = part.querySelector("[data-thought-label]");
  if (label.dataset.doneLabel) label.textContent = label.dataset.doneLabel.replace("{seconds}", (ms / 1000).toFixed(1));
  delete part.dataset.running;
}
