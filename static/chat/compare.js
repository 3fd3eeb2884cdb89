/** Several replies to one prompt, side by side: columns are filled in, sent at once, watched, voted for and kept. */
import { Attachments } from "./attachments.js";
import { dressCode } from "./code.js";
import { newId } from "./ids.js";
import { Replies } from "./replies.js";
import { ChatSocket } from "./socket.js";

const PRICE_PAUSE_MS = 250;
const page = document.querySelector("[data-compare]");
const board = document.getElementById("compare-board");
const form = document.getElementById("compare-form");
const socket = new ChatSocket(page.dataset.socket);
const replies = new Replies();
const counter = new Intl.NumberFormat(document.documentElement.lang || "en");
let click = "";
let sentAt = 0;
const heard = new Map(); // reply → milliseconds until its first word

// --- columns to be filled ---

const cards = () => [...form.querySelectorAll("[data-column]:not([hidden])")];
const read = (card) =>
  Object.fromEntries(
    [...card.querySelectorAll("[data-field]")]
      .map((field) => [field.dataset.field, field.type === "checkbox" ? field.checked : field.value])
      .filter(([, value]) => value !== ""),
  );

function showAdding() {
  form.querySelector("[data-add]").hidden = !form.querySelector("[data-column][hidden]");
}

let priceTimer = 0;
let priceAsked = 0;
async function statePrice() {
  const number = ++priceAsked;
  const { bytes, pictures } = attachments.size;
  const body = new URLSearchParams({ settings: JSON.stringify(cards().map(read)), text: box.value, conversation: page.dataset.conversation, bytes, pictures });
  const headers = { "X-CSRFToken": JSON.parse(document.body.getAttribute("hx-headers"))["X-CSRFToken"] };
  const answer = await fetch(page.dataset.price, { method: "POST", body, headers });
  if (answer.ok && number === priceAsked) form.querySelector("[data-price-line]").innerHTML = await answer.text();
}
function priceSoon() {
  clearTimeout(priceTimer);
  priceTimer = setTimeout(statePrice, PRICE_PAUSE_MS);
}

const box = form?.querySelector("#id_say");
const attachments = form && new Attachments(form);
if (form) {
  form.addEventListener("click", ({ target }) => {
    if (target.closest("[data-add]")) {
      const card = form.querySelector("[data-column][hidden]");
      card.hidden = false;
      card.querySelector("select").focus();
    } else if (target.closest("[data-remove]")) target.closest("[data-column]").hidden = true;
    else return;
    showAdding();
    priceSoon();
  });
  form.addEventListener("input", priceSoon);
  attachments.addEventListener("change", priceSoon);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!click && (box.value.trim() || attachments.items.length)) send();
  });
  box.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || matchMedia("(pointer: coarse)").matches) return;
    event.preventDefault();
    form.requestSubmit();
  });
  showAdding();
  statePrice();
}

function send() {
  form.querySelector("[data-error]").hidden = true;
  form.querySelector("[data-send]").disabled = true;
  click = newId();
  sentAt = performance.now();
  const { conversation, last } = page.dataset;
  const blind = form.querySelector("[data-blind]").checked;
  socket.ask({ type: "compare", click, conversation, parent: last, text: box.value, attachments: attachments.items, settings: cards().map(read), blind });
}

// --- what the socket brings ---

socket.addEventListener("message", ({ detail: message }) => {
  if (message.type === "started" && message.click === click) started(message);
  else if (message.type === "refused" && form && message.click === click) {
    click = "";
    form.querySelector("[data-send]").disabled = false;
    form.querySelector("[data-error-text]").textContent = message.message;
    form.querySelector("[data-error]").hidden = false;
  }
});

function started(message) {
  form.hidden = true;
  page.querySelector("[data-recent]")?.remove();
  board.hidden = false;
  board.innerHTML = message.html;
  htmx.process(board);
  history.replaceState(null, "", message.url);
  watchTabs();
}

socket.addEventListener("frame", ({ detail: frame }) => {
  if (frame.k === "end") return ended(document.getElementById(`message-${frame.m}`));
  replies.take(frame);
  if (sentAt && frame.k !== "reset" && !heard.has(frame.m)) heard.set(frame.m, Math.round(performance.now() - sentAt));
});

/** How long the first word took, once there is a column to say it in. */
replies.addEventListener("after", ({ detail }) => {
  for (const reply of detail.replies) {
    const first = heard.has(reply) && document.querySelector(`#message-${CSS.escape(reply)} [data-first]`);
    if (first && !first.textContent) first.textContent = page.dataset.firstWord.replace("{ms}", counter.format(heard.get(reply)));
  }
});

socket.addEventListener("state", ({ detail }) => detail.state === "refused" && location.reload());

/** Put the truth under the column, and under all of them when this was the last one. */
async function ended(column) {
  if (!column) return;
  replies.end(column);
  const answer = await fetch(board.firstElementChild.dataset.board);
  if (!answer.ok) return;
  const arrived = document.createElement("template");
  arrived.innerHTML = await answer.text();
  for (const whole of arrived.content.querySelectorAll(".column")) {
    const shown = document.getElementById(whole.id);
    if (!shown || whole.dataset.status === "running") continue;
    shown.dataset.status = whole.dataset.status;
    const [drawn, kept] = [shown, whole].map((root) => root.querySelector("[data-parts]"));
    if (words(drawn) !== words(kept)) drawn.replaceWith(kept);
    shown.querySelector("[data-over]").replaceWith(whole.querySelector("[data-over]"));
  }
  board.querySelector("[data-board-foot]").replaceWith(arrived.content.querySelector("[data-board-foot]"));
  dressCode(board);
  htmx.process(board);
}

const words = (parts) => [...parts.querySelectorAll(".prose")].map((part) => part.textContent.replace(/\s+/g, "")).join();

// --- the board ---

board.addEventListener("click", ({ target }) => {
  if (target.closest("[data-stop]")) socket.stop();
  const tab = target.closest("[data-tab]");
  if (tab) document.getElementById(`message-${tab.dataset.tab}`).scrollIntoView({ inline: "start", block: "nearest", behavior: "smooth" });
  const focus = target.closest("[data-focus]");
  if (!focus) return;
  const column = focus.closest(".column");
  const isAlone = !column.hasAttribute("data-alone");
  for (const other of board.querySelectorAll(".column")) {
    other.toggleAttribute("data-alone", isAlone && other === column);
    other.querySelector("[data-focus]").setAttribute("aria-pressed", isAlone && other === column);
  }
});
document.addEventListener("keydown", ({ key }) => {
  if (key === "Escape" && socket.isBusy && !document.querySelector("dialog[open], :popover-open")) socket.stop();
});
document.addEventListener("htmx:afterSwap", ({ detail }) => {
  if (detail.target !== board) return;
  dressCode(board);
  watchTabs();
});

let seen;
function watchTabs() {
  seen?.disconnect();
  const columns = board.querySelector("[data-columns]");
  if (!columns) return;
  seen = new IntersectionObserver(
    (entries) => {
      const shown = entries.find((entry) => entry.isIntersecting)?.target.dataset.message;
      if (!shown) return;
      for (const tab of board.querySelectorAll("[data-tab]")) {
        if (tab.dataset.tab === shown) tab.setAttribute("aria-current", "true");
        else tab.removeAttribute("aria-current");
      }
    },
    { root: columns, threshold: 0.6, rootMargin: "1000000px 0px" },
  );
  for (const column of columns.children) seen.observe(column);
}

dressCode(board);
watchTabs();
for (const column of board.querySelectorAll('[data-status="running"]')) socket.watch(column.dataset.message);
