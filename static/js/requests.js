// What every htmx request shares: the bar on top, and a sentence when one fails.
const root = document.documentElement;
const texts = document.getElementById("texts").dataset;
const BY_HAND = new Set(["click", "submit", "change", "input", "keydown", "keyup", "palette:ask"]);
const running = new Set();

// What asks by itself (a poll) neither shows the bar nor complains: it will ask again.
const isByHand = (event) => BY_HAND.has(event.detail.requestConfig?.triggeringEvent?.type);

document.addEventListener("htmx:beforeRequest", (event) => {
  if (!isByHand(event)) return;
  running.add(event.detail.xhr);
  root.dataset.busy = "";
});
document.addEventListener("htmx:afterRequest", (event) => {
  running.delete(event.detail.xhr);
  if (!running.size) delete root.dataset.busy;
});

// Signed out in another tab: the answer is the sign-in page. Go there instead of drawing it into a corner.
document.addEventListener("htmx:beforeSwap", (event) => {
  const url = event.detail.xhr.responseURL;
  if (url && new URL(url).pathname === document.body.dataset.login && event.detail.requestConfig.path !== document.body.dataset.login) {
    event.detail.shouldSwap = false;
    window.location.reload();
  }
});

document.addEventListener("htmx:responseError", (event) => {
  const { status } = event.detail.xhr;
  const text = { 403: texts.denied, 404: texts.gone, 410: texts.gone, 429: texts.busy }[status] ?? texts.broken;
  say(event, text);
});
document.addEventListener("htmx:sendError", (event) => say(event, texts.offline));
document.addEventListener("htmx:timeout", (event) => say(event, texts.offline));

function say(event, text) {
  if (isByHand(event)) document.dispatchEvent(new CustomEvent("toast", { detail: { text, tone: "bad" } }));
}
