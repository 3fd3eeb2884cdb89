// A word beside icon buttons with [data-tip], for the pointer and the keyboard. In the rail only while it is folded.
const tip = document.createElement("div");
tip.className = "tip";
tip.popover = "manual";
tip.setAttribute("aria-hidden", "true");
document.body.append(tip);
let timer = 0;

function show(element) {
  const inRail = element.dataset.tip === "rail";
  if (inRail && element.querySelector(".rail__word")?.getClientRects().length) return; // its word is there to read
  const word = (inRail ? "" : element.dataset.tip) || element.getAttribute("aria-label") || element.textContent.trim();
  if (!word || element.matches('[aria-expanded="true"]')) return;
  tip.textContent = word;
  if (element.dataset.shortcut) {
    const cap = document.createElement("kbd");
    cap.textContent = element.dataset.shortcut.toUpperCase();
    tip.append(cap);
  }
  tip.showPopover();
  const from = element.getBoundingClientRect();
  const isRtl = document.documentElement.dir === "rtl";
  const left = inRail ? (isRtl ? from.left - tip.offsetWidth - 10 : from.right + 10) : from.left + from.width / 2 - tip.offsetWidth / 2;
  const top = inRail ? from.top + from.height / 2 - tip.offsetHeight / 2 : from.bottom + 6;
  tip.style.left = `${Math.min(Math.max(6, left), window.innerWidth - tip.offsetWidth - 6)}px`;
  tip.style.top = `${top + tip.offsetHeight > window.innerHeight ? from.top - tip.offsetHeight - 6 : top}px`;
}

function hide() {
  clearTimeout(timer);
  if (tip.matches(":popover-open")) tip.hidePopover();
}

document.addEventListener("pointerover", (event) => {
  const element = event.target.closest?.("[data-tip]");
  hide();
  if (element && event.pointerType === "mouse") timer = setTimeout(show, 350, element);
});
document.addEventListener("focusin", (event) => {
  hide();
  if (event.target.matches?.("[data-tip]:focus-visible")) show(event.target);
});
document.addEventListener("focusout", hide);
document.addEventListener("pointerdown", hide);
document.addEventListener("keydown", (event) => { if (event.key === "Escape") hide(); });
