// Menus are popovers: the browser opens, closes and layers them. Here: where they stand, and the arrow keys.
const GAP = 6;
const EDGE = 8;

document.addEventListener("beforetoggle", (event) => {
  const menu = event.target;
  if (!(menu instanceof HTMLElement) || !menu.matches(".menu[popover]")) return;
  const invoker = invokerOf(menu);
  invoker?.setAttribute("aria-expanded", String(event.newState === "open"));
}, true);

document.addEventListener("toggle", (event) => {
  const menu = event.target;
  if (!(menu instanceof HTMLElement) || !menu.matches(".menu[popover]") || event.newState !== "open") return;
  place(menu);
  menu.dispatchEvent(new CustomEvent("popover:open", { bubbles: true }));
  if (menu.getAttribute("role") === "menu") items(menu)[0]?.focus({ preventScroll: true });
}, true);

document.addEventListener("htmx:afterSettle", (event) => {
  const menu = event.target.closest?.(".menu[popover]");
  if (!menu?.matches(":popover-open")) return;
  place(menu);
  if (menu.matches('[role="menu"]') && !menu.contains(document.activeElement)) items(menu)[0]?.focus({ preventScroll: true }); // it was filled just now
});
window.addEventListener("resize", () => document.querySelectorAll(".menu:popover-open").forEach(place));

function invokerOf(menu) {
  return [...document.querySelectorAll(`[popovertarget="${menu.id}"]`)].find((button) => button.offsetParent !== null);
}

function place(menu) {
  const invoker = invokerOf(menu);
  if (!invoker) return;
  const from = invoker.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = menu;
  const isRtl = document.documentElement.dir === "rtl";
  const alignEnd = (menu.dataset.placement === "end") !== isRtl;
  let left = alignEnd ? from.right - width : from.left;
  let top = from.bottom + GAP;
  const room = window.innerHeight - EDGE;
  if ((menu.dataset.placement === "up" || top + height > room) && from.top - GAP - height >= EDGE) top = from.top - GAP - height;
  left = Math.min(Math.max(EDGE, left), window.innerWidth - width - EDGE);
  top = Math.min(Math.max(EDGE, top), Math.max(EDGE, room - height));
  menu.style.left = `${left}px`;
  menu.style.top = `${top}px`;
}

function items(menu) {
  return [...menu.querySelectorAll('[role^="menuitem"]:not([disabled], [aria-disabled="true"])')].filter((item) => item.offsetParent !== null || item.getClientRects().length);
}

let typed = "";
let typedAt = 0;
document.addEventListener("keydown", (event) => {
  const menu = event.target.closest?.('.menu[role="menu"]');
  if (!menu) return;
  const all = items(menu);
  const at = all.indexOf(document.activeElement);
  let next = null;
  if (event.key === "ArrowDown") next = all[(at + 1) % all.length];
  else if (event.key === "ArrowUp") next = all[(at - 1 + all.length) % all.length];
  else if (event.key === "Home") next = all[0];
  else if (event.key === "End") next = all.at(-1);
  else if (event.key === "Tab") { menu.hidePopover(); return; }
  else if (event.key.length === 1 && /\S/.test(event.key) && !event.ctrlKey && !event.metaKey && !event.altKey) {
    typed = event.timeStamp - typedAt < 600 ? typed + event.key.toLowerCase() : event.key.toLowerCase();
    typedAt = event.timeStamp;
    const order = [...all.slice(at + (typed.length > 1 ? 0 : 1)), ...all.slice(0, at + 1)];
    next = order.find((item) => item.textContent.trim().toLowerCase().startsWith(typed));
  }
  if (!next) return;
  event.preventDefault();
  event.stopPropagation();
  next.focus();
});
