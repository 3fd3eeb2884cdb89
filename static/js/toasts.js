// Short news: dispatch `toast` with {text, tone} on any element, or answer htmx with HX-Trigger: {"toast": {...}}.
// With undo: {url, values, target} the news carries a button that sends the values there; what comes back takes target's place.
const STAY_MS = 5000;
const region = document.getElementById("toasts");
const template = document.getElementById("toast-template");

export function toast(text, tone = "ok", undo = null) {
  const box = template.content.firstElementChild.cloneNode(true);
  const icon = box.querySelector(tone === "ok" ? ".for-ok" : tone === "info" ? ".for-info" : ".for-bad");
  box.querySelectorAll(".icon[class*='for-']").forEach((other) => other !== icon && other.remove());
  box.dataset.tone = tone;
  box.querySelector(".toast__text").textContent = text;
  offerUndo(box, undo);
  while (region.childElementCount > 3) region.firstElementChild.remove();
  region.append(box);
  document.getElementById("live-region").textContent = text; // a region that was just unhidden is not always read out
  show();
  if (tone !== "bad") leaveLater(box);
}

function offerUndo(box, undo) {
  const button = box.querySelector("[data-undo]");
  if (!undo) {
    button.remove();
    return;
  }
  button.hidden = false;
  button.addEventListener("click", () => {
    dismiss(box);
    const target = undo.target && document.querySelector(undo.target);
    htmx.ajax("POST", undo.url, { values: undo.values ?? {}, target: target || document.body, swap: target ? "outerHTML" : "none" });
  });
}

// In the top layer, and again each time, so that it lies above a dialog that opened since.
function show() {
  if (region.matches(":popover-open")) region.hidePopover();
  region.showPopover();
}

function leaveLater(box) {
  let timer = setTimeout(leave, STAY_MS);
  box.addEventListener("pointerenter", () => clearTimeout(timer));
  box.addEventListener("focusin", () => clearTimeout(timer));
  box.addEventListener("pointerleave", () => { timer = setTimeout(leave, STAY_MS); });
  function leave() { dismiss(box); }
}

function dismiss(box) {
  box.remove();
  if (!region.childElementCount && region.matches(":popover-open")) region.hidePopover();
}

if (region) {
  document.addEventListener("toast", (event) => toast(event.detail.text, event.detail.tone, event.detail.undo));
  region.addEventListener("click", (event) => { if (event.target.closest("[data-dismiss]")) dismiss(event.target.closest(".toast")); });
  if (region.childElementCount) show();
  for (const box of region.children) if (box.dataset.tone !== "bad") leaveLater(box);
}
