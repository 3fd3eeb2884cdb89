/** The prompt library in a composer: `/` lists it, a choice is inserted; variables are asked for first. */
const box = document.getElementById("id_say");
const offer = document.getElementById("prompt-offer");
const list = document.getElementById("prompt-options");
const dialog = document.getElementById("prompt-fill");
const SLASH = /(?:^|\s)\/([^\s/]{0,60})$/u;
let slashAt = -1; // where the text that a prompt replaces begins
let number = 0;

box.setAttribute("aria-controls", "prompt-options");
box.setAttribute("aria-haspopup", "listbox");
box.setAttribute("aria-autocomplete", "list");

box.addEventListener("input", () => {
  const before = box.value.slice(0, box.selectionStart);
  const found = SLASH.exec(before);
  if (!found) return close();
  slashAt = before.length - found[1].length - 1;
  show(found[1]);
});

async function show(q) {
  const mine = ++number;
  const answer = await fetch(`${offer.dataset.offerList}?${new URLSearchParams({ q })}`);
  if (!answer.ok || mine !== number) return;
  list.innerHTML = await answer.text();
  offer.hidden = false;
  mark(0);
}

function close() {
  number++;
  offer.hidden = true;
  slashAt = -1;
  box.removeAttribute("aria-activedescendant");
}

const rows = () => [...list.querySelectorAll("[data-offer]")];
const chosen = () => list.querySelector('[data-offer][aria-selected="true"]');

function mark(at) {
  const all = rows();
  all.forEach((row, place) => row.setAttribute("aria-selected", place === at));
  if (!all[at]) return box.removeAttribute("aria-activedescendant");
  box.setAttribute("aria-activedescendant", all[at].id);
  all[at].scrollIntoView({ block: "nearest" });
}

// before the composer's own keys: Enter chooses instead of sending
document.addEventListener("keydown", (event) => {
  if (event.target !== box || offer.hidden || event.isComposing) return;
  const all = rows();
  const at = all.indexOf(chosen());
  if (event.key === "ArrowDown") mark((at + 1) % all.length);
  else if (event.key === "ArrowUp") mark((at - 1 + all.length) % all.length);
  else if (event.key === "Escape") close();
  else if ((event.key === "Enter" || event.key === "Tab") && chosen()) use(chosen().dataset.offer);
  else return;
  event.preventDefault();
  event.stopPropagation();
}, true);

list.addEventListener("pointerdown", (event) => event.preventDefault()); // the caret stays
list.addEventListener("click", ({ target }) => {
  const row = target.closest("[data-offer]");
  if (row) use(row.dataset.offer);
});
document.addEventListener("click", ({ target }) => {
  if (target.closest("[data-offer-open]")) {
    box.focus();
    slashAt = box.selectionStart;
    if (offer.hidden) show("");
    else close();
  } else if (!offer.hidden && target !== box && !offer.contains(target)) close();
});

let place = [0, 0]; // what the prompt replaces
function use(url) {
  const end = box.selectionStart;
  place = [slashAt < 0 ? end : Math.min(slashAt, end), end];
  close();
  htmx.ajax("GET", url, { target: dialog, swap: "innerHTML" });
}

document.addEventListener("htmx:afterSwap", ({ detail }) => {
  if (detail.target !== dialog || dialog.open) return;
  dialog.showModal();
  dialog.querySelector("input, select, textarea")?.focus();
});

document.addEventListener("prompt:filled", ({ detail }) => {
  if (dialog.open) dialog.close();
  dialog.replaceChildren();
  box.focus();
  box.setRangeText(detail.text, ...place, "end");
  box.dispatchEvent(new Event("input", { bubbles: true }));
});

const wanted = new URLSearchParams(location.search).get("prompt");
if (wanted && /^[\da-f-]{36}$/.test(wanted)) use(offer.dataset.offerList.replace(/offer$/, `${wanted}/use`));
