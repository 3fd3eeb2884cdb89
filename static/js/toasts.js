// Short news: dispatch `toast` with {text, tone} on any element, or answer htmx with HX-Trigger: {"toast": {...}}.
const STAY_MS = 5000;
const region = document.getElementById("toasts");
const template = document.getElementById("toast-template");

export function toast(text, tone = "ok") {
  const box = template.content.firstElementChild.cloneNode(true);
  const icon = box.querySelector(tone === "ok" ? ".for-ok" : tone === "info" ? ".for-info" : ".for-bad");
  box.querySelectorAll(".icon[class*='for-']").forEach((other) => other !== icon && other.remove());
  box.dataset.tone = tone;
  box.querySelector(".toast__text").textContent = text;
  while (region.childElementCount > 3) region.firstElementChild.remove();
  region.append(box);
  document.getElementById("live-region").textContent = text; // a region that was just unhidden is not always read out
  show();
  if (tone !== "bad") leaveLater(box);
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
  document.addEventListener("toast", (event) => toast(event.detail.text, event.detail.tone));
  region.addEventListener("click", (event) => { if (event.target.closest("[data-dismiss]")) dismiss(event.target.closest(".toast")); });
  if (region.childElementCount) show();
  for (const box of region.children) if (box.dataset.tone !== "bad") leaveLater(box);
}
