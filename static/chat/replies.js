/** Draws replies while they arrive. Finished blocks are added once; only the open one is put anew. */
import { dressCode } from "./code.js";
import { Sayer } from "./sayer.js";

const BLOCKS = new Set(["P", "LI", "UL", "OL", "H3", "H4", "H5", "H6", "BLOCKQUOTE", "TABLE", "TBODY", "TR", "TD", "TH", "FIGURE", "PRE", "CODE"]);

export class Replies {
  #thread;
  #sayer = new Sayer();

  constructor(thread) {
    this.#thread = thread;
  }

  show(frame) {
    const article = document.getElementById(`message-${frame.m}`);
    if (!article) return;
    const parts = article.querySelector("[data-parts]");
    if (frame.k === "reset") {
      if (!parts.dataset.live) parts.replaceChildren();
      else for (const part of [...parts.children]) part.remove();
      parts.dataset.live = "on";
      return;
    }
    if (frame.k === "part") return this.#begin(parts, frame);
    const part = parts.children[frame.p];
    if (!part) return;
    if (frame.k === "tail") this.#addTail(part, frame.s);
    else if (frame.k === "html") this.#addHtml(part, frame);
    else if (frame.k === "thought") endThought(part, frame.ms);
  }

  /** The reply is over: nothing of what was drawn moves. */
  end(article) {
    for (const part of article.querySelectorAll('[data-part="text"]')) this.#sayer.finish(part);
    for (const part of article.querySelectorAll("details[data-running]")) delete part.dataset.running;
  }

  #begin(parts, { of, name }) {
    parts.append(document.getElementById(`chat-part-${of}`).content.cloneNode(true));
    if (of === "call") parts.lastElementChild.querySelector("[data-name]").textContent = name;
  }

  #addTail(part, text) {
    if (part.dataset.part === "think") {
      part.querySelector("[data-thought]").append(text);
      return;
    }
    deepest(part.querySelector("[data-open]")).append(text);
    this.#sayer.heed(part);
  }

  #addHtml(part, { done, open }) {
    const [finished, growing] = [part.querySelector("[data-done]"), part.querySelector("[data-open]")];
    if (done) {
      const last = finished.lastElementChild;
      finished.insertAdjacentHTML("beforeend", done);
      for (let block = last?.nextElementSibling ?? finished.firstElementChild; block; block = block.nextElementSibling) dressCode(block);
    }
    growing.innerHTML = open;
    for (const block of growing.children) dressCode(block);
    this.#sayer.heed(part);
  }
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
