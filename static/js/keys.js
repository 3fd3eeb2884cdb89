// Keyboard: data-shortcut="mod+k", "?" or "g l" (one after the other) presses its element. `?` lists all of them.

const isMac = /mac|iphone|ipad/i.test(navigator.userAgentData?.platform ?? navigator.platform);
const PAUSE_MS = 900;
let first = "";
let firstAt = 0;

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.isComposing || event.altKey) return;
  const mod = isMac ? event.metaKey : event.ctrlKey;
  const key = event.key.toLowerCase();
  if (mod) {
    if (press(`mod+${event.shiftKey ? "shift+" : ""}${key}`)) event.preventDefault();
    return;
  }
  if (event.ctrlKey || event.metaKey || isTyping(event.target) || document.querySelector("dialog:modal")) return;
  const pair = event.timeStamp - firstAt < PAUSE_MS ? `${first} ${key}` : "";
  if ((pair && press(pair)) || press(key)) {
    event.preventDefault();
    first = "";
    return;
  }
  first = key;
  firstAt = event.timeStamp;
});

function isTyping(element) {
  return element.isContentEditable || element.matches?.("textarea, select, input:not([type=range], [type=checkbox], [type=radio], [type=button])");
}

function press(shortcut) {
  const element = [...document.querySelectorAll("[data-shortcut]")].find((one) => one.dataset.shortcut === shortcut && !one.disabled);
  if (!element) return false;
  if (element.matches("input, textarea, select")) element.focus();
  else element.click();
  return true;
}

function keycaps(shortcut, then) {
  const parts = shortcut.includes(" ") ? shortcut.split(" ") : shortcut.split("+");
  return parts.flatMap((part, at) => {
    const cap = document.createElement("kbd");
    cap.textContent = { mod: isMac ? "⌘" : "Ctrl", shift: isMac ? "⇧" : "Shift", enter: "↵", escape: "Esc", " ": "␣" }[part] ?? part.toUpperCase();
    return at && shortcut.includes(" ") ? [document.createTextNode(` ${then} `), cap] : [cap];
  });
}

document.addEventListener("dialog:open", (event) => {
  const list = event.target.querySelector("[data-shortcut-list]");
  if (!list) return;
  const seen = new Set();
  list.replaceChildren();
  for (const element of document.querySelectorAll("[data-shortcut]")) {
    if (seen.has(element.dataset.shortcut)) continue;
    seen.add(element.dataset.shortcut);
    const line = document.createElement("div");
    const what = document.createElement("dt");
    const keys = document.createElement("dd");
    what.textContent = element.dataset.shortcutLabel || element.getAttribute("aria-label") || element.textContent.trim();
    keys.append(...keycaps(element.dataset.shortcut, list.dataset.then));
    line.append(what, keys);
    list.append(line);
  }
});

if (isMac) document.querySelectorAll("[data-mod]").forEach((cap) => { cap.textContent = "⌘ K"; });

