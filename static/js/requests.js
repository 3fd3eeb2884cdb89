// What every htmx request shares: the bar on top, and a sentence when one fails.
const root = document.documentElement;
const texts = document.getElementById("texts").dataset;
let running = 0;

document.addEventListener("htmx:beforeRequest", () => { running += 1; root.dataset.busy = ""; });
document.addEventListener("htmx:afterRequest", () => { running = Math.max(0, running - 1); if (!running) delete root.dataset.busy; });

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

// What asks by itself (a poll) fails in silence: it will ask again.
function say(event, text) {
  const trigger = event.detail.requestConfig?.triggeringEvent;
  if (trigger && ["click", "submit", "change", "input", "keydown", "keyup"].includes(trigger.type)) {
    document.dispatchEvent(new CustomEvent("toast", { detail: { text, tone: "bad" } }));
  }
}
