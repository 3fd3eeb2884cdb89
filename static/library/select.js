// Many assets at once: a click or the space bar selects one, with Shift everything from the last one on, Ctrl-A all that is shown, Escape none.
// What was moved to the trash stays selected, so that one press restores it.

const results = document.getElementById("results");
const bar = document.getElementById("bulk");
const selected = new Set();
let last = null;

const boxes = () => [...results.querySelectorAll("[data-select]")];
const idOf = (box) => box.closest("[data-asset]").dataset.asset;
const isTrashed = (id) => document.getElementById(`asset-${id}`)?.matches(".asset--trashed") ?? false;

/** Cards are drawn anew when something happens to them: the set knows, the boxes show. */
function paint() {
  const shown = boxes();
  const ids = new Set(shown.map(idOf));
  for (const id of selected) if (!ids.has(id)) selected.delete(id); // another search
  for (const box of shown) box.checked = selected.has(idOf(box));
  const { one, many } = bar.querySelector("[data-bulk-count]").dataset;
  bar.querySelector("[data-bulk-count]").textContent = selected.size === 1 ? one : many.replace("{n}", selected.size);
  bar.hidden = !selected.size;
  const gone = [...selected].filter(isTrashed).length;
  bar.querySelector("[data-bulk-zip]").hidden = gone === selected.size;
  const trash = bar.querySelector('[data-bulk="trash"]');
  if (trash) trash.hidden = gone === selected.size;
  const restore = bar.querySelector('[data-bulk="restore"]');
  if (restore) restore.hidden = !gone;
}

function set(box, is) {
  if (is) selected.add(idOf(box));
  else selected.delete(idOf(box));
}

function clear() {
  selected.clear();
  last = null;
  paint();
}

if (results && bar) {
  results.dataset.selects = "";
  results.addEventListener("click", (event) => {
    const box = event.target.closest("[data-select]");
    if (!box) return;
    const all = boxes();
    const from = event.shiftKey ? all.findIndex((other) => idOf(other) === last) : -1;
    const to = all.indexOf(box);
    const range = from < 0 ? [box] : all.slice(Math.min(from, to), Math.max(from, to) + 1);
    for (const one of range) set(one, box.checked);
    last = idOf(box);
    paint();
  });
  results.addEventListener("mousedown", (event) => {
    if (event.shiftKey && event.target.closest("[data-select]")) event.preventDefault(); // no text is marked
  });
  document.addEventListener("keydown", (event) => {
    if (document.querySelector("dialog:modal") || event.target.closest(".menu")) return;
    if (event.key === "Escape" && selected.size && !event.target.matches("input[type=search]")) clear();
    else if (event.key.toLowerCase() === "a" && (event.ctrlKey || event.metaKey) && results.contains(event.target)) {
      event.preventDefault();
      for (const box of boxes()) set(box, true);
      paint();
    }
  });
  bar.addEventListener("submit", () => {
    for (const old of bar.querySelectorAll("[name=asset]")) old.remove();
    for (const id of selected) {
      const input = Object.assign(document.createElement("input"), { type: "hidden", name: "asset", value: id });
      bar.append(input);
    }
  });
  bar.addEventListener("click", (event) => {
    const act = event.target.closest("[data-bulk]")?.dataset.bulk;
    if (act) htmx.ajax("POST", bar.dataset[act], { source: bar, swap: "none", values: { asset: [...selected] } });
    if (event.target.closest("[data-bulk-clear]")) clear();
  });
  new MutationObserver(paint).observe(results, { childList: true, subtree: true });
}
