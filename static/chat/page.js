/** The chat page: takes what a person does to the socket, and what the socket brings to the thread. */
import { Aloud } from "./aloud.js";
import { Attachments } from "./attachments.js";
import { dressCode } from "./code.js";
import { newId } from "./ids.js";
import { Replies } from "./replies.js";
import { Settings } from "./settings.js";
import { ChatSocket } from "./socket.js";

const page = document.getElementById("chat");
const thread = document.getElementById("chat-thread");
const form = document.getElementById("chat-say");
const box = document.getElementById("id_say");
const [send, stop, state] = ["[data-send]", "[data-stop]", "[data-state]"].map((part) => form.querySelector(part));
const [editing, error] = ["[data-editing]", "[data-say-error]"].map((part) => form.querySelector(part));

const settings = new Settings();
const attachments = new Attachments(form);
const replies = new Replies();
const aloud = new Aloud(page);
const socket = new ChatSocket(page.dataset.socket);
let conversation = page.dataset.conversation;
let edited = null; // the message that is being written in other words
let isToBeRead = false;
let asked = null; // click of the message that waits for its answer

// --- what a person does ---

form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (socket.isBusy || (!box.value.trim() && !attachments.items.length)) return;
  const parent = edited ? edited.dataset.parent : lastMessage();
  ask("say", parent, { text: box.value, attachments: attachments.items });
});

box.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing || matchMedia("(pointer: coarse)").matches) return;
  event.preventDefault();
  form.requestSubmit();
});
box.addEventListener("input", grow);
stop.addEventListener("click", () => socket.stop());
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && !stop.hidden && !document.querySelector("dialog[open], :popover-open")) socket.stop();
  if (event.key === "n" && event.altKey) location.href = page.dataset.page;
});

thread.addEventListener("click", async ({ target }) => {
  const turn = target.closest("[data-message]");
  if (target.closest("[data-again]")) ask("again", turn.dataset.parent);
  else if (target.closest("[data-aloud]")) aloud.toggle(turn);
  else if (target.closest("[data-continue]")) ask("continue", turn.dataset.message);
  else if (target.closest("[data-decide]")) {
    const button = target.closest("[data-decide]");
    for (const each of button.parentElement.querySelectorAll("button")) each.disabled = true;
    socket.tell({ type: "decide", call: button.closest("[data-call]").dataset.call, approve: button.dataset.decide === "approve" });
  } else if (target.closest("[data-edit]")) beginEditing(turn, target.closest("[data-edit]").dataset.edit);
  else if (target.closest("[data-example]")) {
    box.value = target.closest("[data-example]").dataset.example;
    form.requestSubmit();
  }
});
thread.addEventListener("submit", (event) => {
  const results = event.target.closest("[data-results]");
  if (!results) return;
  event.preventDefault();
  const given = [...results.querySelectorAll("[data-result]")].map((field) => ({
    call: field.dataset.result,
    text: field.value,
    is_error: results.querySelector(`[data-result-error="${CSS.escape(field.dataset.result)}"]`).checked,
  }));
  socket.tell({ type: "results", results: given });
});

function ask(type, parent, more = {}) {
  if (socket.isBusy) return;
  let chosen;
  try {
    chosen = settings.read();
  } catch {
    document.getElementById("chat-settings").showModal();
    document.getElementById("id_functions").focus();
    return;
  }
  error.hidden = true;
  isToBeRead = aloud.prepare();
  asked = newId();
  socket.ask({ type, click: asked, conversation, parent, settings: chosen, ...more });
  showBusy();
}

async function beginEditing(turn, source) {
  const answer = await fetch(source);
  if (!answer.ok) return;
  edited = turn;
  editing.hidden = false;
  box.value = await answer.text();
  grow();
  box.focus();
}

form.querySelector("[data-stop-editing]").addEventListener("click", endEditing);

function endEditing() {
  edited = null;
  editing.hidden = true;
  box.value = "";
  grow();
}

const lastMessage = () => [...thread.querySelectorAll("[data-message]")].at(-1)?.dataset.message ?? "";

// --- what the socket brings ---

socket.addEventListener("frame", ({ detail: frame }) => {
  if (frame.k === "end") finish(frame);
  else replies.take(frame);
});

let wasAtEnd = true;
replies.addEventListener("before", () => (wasAtEnd = atEnd()));
replies.addEventListener("after", () => {
  aloud.heed();
  if (wasAtEnd) scrollToEnd();
});

socket.addEventListener("message", async ({ detail: message }) => {
  if (message.type === "started") started(message);
  else if (message.type === "moved") moved(message.message);
  else if (message.type === "refused") {
    if (message.click === asked) asked = null;
    form.querySelector("[data-say-error-text]").textContent = message.message;
    error.hidden = false;
    showBusy();
  }
});

socket.addEventListener("state", ({ detail }) => {
  page.dataset.line = detail.state;
  if (detail.state === "refused") location.reload();
});

function started(message) {
  if (message.click === asked) {
    asked = null;
    if (edited || message.html.includes("turn--user")) {
      attachments.clear();
      endEditing();
    }
  }
  if (!conversation) {
    conversation = message.conversation;
    history.replaceState(null, "", `${page.dataset.page}${conversation}/`);
    thread.replaceChildren();
    frameThread();
  }
  document.dispatchEvent(new CustomEvent("chat:changed"));
  let turns = thread.querySelector("[data-turns]");
  if (!turns) {
    turns = document.createElement("div");
    turns.className = "chat__turns";
    turns.dataset.turns = "";
    thread.append(turns);
  }
  const parent = message.parent && turns.querySelector(`[data-message="${message.parent}"]`);
  while (parent ? parent.nextElementSibling : turns.firstElementChild) (parent ? parent.nextElementSibling : turns.firstElementChild).remove();
  turns.insertAdjacentHTML("beforeend", message.html);
  htmx.process(turns);
  if (isToBeRead && message.replies.length === 1) aloud.read(document.getElementById(`message-${message.replies[0]}`));
  isToBeRead = false;
  showBusy();
  scrollToEnd();
}

/** A new conversation gets what stands around its turns; the turns themselves are being written already. */
async function frameThread() {
  const answer = await fetch(`${page.dataset.page}${conversation}/thread`);
  if (!answer.ok) return;
  const arrived = document.createElement("template");
  arrived.innerHTML = await answer.text();
  for (const [id, place] of [["chat-head", "prepend"], ["chat-meter", "append"]]) {
    if (!document.getElementById(id)) thread[place](arrived.content.getElementById(id));
  }
  htmx.process(thread);
}

/** Something new stands in this conversation: said in another tab, or by another process. */
async function moved(message) {
  const known = document.getElementById(`message-${message}`);
  if (known && known.dataset.status !== "running") return refresh(known);
  if (known) return;
  await htmx.ajax("GET", `${page.dataset.page}${conversation}/thread`, { target: thread, swap: "innerHTML" });
}

async function finish(frame) {
  replies.flush();
  const article = document.getElementById(`message-${frame.m}`);
  showBusy();
  if (!article) return;
  replies.end(article);
  aloud.heed();
  state.textContent = state.dataset.over;
  document.dispatchEvent(new CustomEvent("chat:changed"));
  await refresh(article);
}

/** Put the truth under a message: its figures, its calls, its branches. */
async function refresh(article) {
  const answer = await fetch(article.dataset.source);
  if (!answer.ok) return;
  const arrived = document.createElement("template");
  arrived.innerHTML = await answer.text();
  const isAtEnd = atEnd();
  const whole = arrived.content.querySelector("article");
  article.dataset.status = whole.dataset.status;
  if (isSame(article, whole)) keepWhatIsDrawn(article, whole);
  else article.querySelector("[data-parts]").replaceWith(whole.querySelector("[data-parts]"));
  article.querySelector("[data-over]").replaceWith(whole.querySelector("[data-over]"));
  dressCode(article);
  for (const piece of arrived.content.querySelector("[data-beside]").content.children) {
    document.getElementById(piece.id)?.replaceWith(piece);
  }
  htmx.process(thread);
  aloud.heed();
  if (isAtEnd) scrollToEnd();
}

/** What was drawn while it arrived is what the server keeps: then it stays, and nothing moves. */
function isSame(article, whole) {
  const words = (root) => [...root.querySelectorAll(".prose")].map((part) => part.textContent.replace(/\s+/g, "")).join();
  return words(article) === words(whole) && article.querySelectorAll(".part").length === whole.querySelectorAll(".part").length;
}

function keepWhatIsDrawn(article, whole) {
  const cards = whole.querySelectorAll(".call");
  article.querySelectorAll(".call").forEach((card, at) => card.replaceWith(cards[at]));
}

function showBusy() {
  const isBusy = socket.isBusy;
  stop.hidden = !isBusy;
  send.hidden = isBusy;
  if (isBusy) state.textContent = state.dataset.writing;
}

// --- the thread ---

function watchWhatRuns() {
  for (const turn of thread.querySelectorAll('[data-status="running"]')) socket.watch(turn.dataset.message);
  if (conversation) socket.show(conversation);
  showBusy();
}

document.addEventListener("htmx:afterSwap", ({ detail }) => {
  if (detail.target !== thread) return;
  dressCode(thread);
  watchWhatRuns();
  scrollToEnd();
});

const scroller = () => document.scrollingElement;
const atEnd = () => scroller().scrollHeight - scroller().scrollTop - innerHeight < 120;
function scrollToEnd() {
  scroller().scrollTop = scroller().scrollHeight;
}

function grow() {
  box.style.height = "auto";
  box.style.height = `${Math.min(box.scrollHeight, innerHeight * 0.4)}px`;
}

// --- the list ---

function markRow() {
  for (const row of document.querySelectorAll("[data-row]")) row.toggleAttribute("data-current", row.dataset.row === conversation);
}
document.addEventListener("htmx:afterSettle", markRow);
markRow();

document.addEventListener("click", ({ target }) => {
  if (target.closest("[data-import]")) document.querySelector("[data-import-file]").click();
  if (target.closest("[data-show-list]")) page.toggleAttribute("data-list-shown");
  else if (!target.closest("#chat-list")) page.removeAttribute("data-list-shown");
});

dressCode(thread);
watchWhatRuns();
grow();
if (conversation) scrollToEnd();
if (!matchMedia("(pointer: coarse)").matches) box.focus({ preventScroll: true });
