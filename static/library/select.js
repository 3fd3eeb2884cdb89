// Many assets at once: a click or the space bar selects one, with Shift everything from the last one on, Shift and an arrow the next one,
// Ctrl-A all that is shown, Escape none. "All in this search" selects what no page shows: the server finds it again for each act.
// What was moved to the trash stays selected, so that one press restores it.

const results = () => document.getElementById("results");
const bar = document.getElementById("bulk");
const tagForm = document.querySelector("[data-bulk-tag]");
const selected = new Set();
let whole = null; // {text, params}: everything that a search finds
let last = null;

const boxes = () => [...(results()?.querySelectorAll("[data-select]") ?? [])]; // an empty library has no results yet
const idOf = (box) => box.closest("[data-asset]").dataset.asset;
const isTrashed = (id) => document.getElementById(`asset-${id}`)?.matches(".asset--trashed") ?? false;

function searched() {
  const params = new URLSearchParams(bar.dataset.params ?? location.search);
  for (const name of ["before", "after", "layout"]) params.delete(name);
  return params;
}

/** Cards are drawn anew when something happens to them: the set knows, the boxes show. */
function paint() {
  if (!results()) return;
  results().dataset.selects = "";
  if (whole && whole.params !== searched().toString()) whole = null; // another search
  const shown = boxes();
  const ids = new Set(shown.map(idOf));
  for (const id of selected) if (!ids.has(id)) selected.delete(id);
  if (whole) for (const id of ids) selected.add(id);
  for (const box of shown) box.checked = selected.has(idOf(box));
  const count = bar.querySelector("[data-bulk-count]");
  const text = whole?.text ?? (selected.size === 1 ? count.dataset.one : count.dataset.many.replace("{n}", selected.size));
  if (count.textContent !== text) count.textContent = text;
  bar.hidden = !selected.size;
  const gone = whole ? (searched().has("trash") ? selected.size : 0) : [...selected].filter(isTrashed).length;
  for (const button of bar.querySelectorAll("[data-for]")) button.hidden = button.dataset.for === "gone" ? !gone : gone === selected.size;
  for (const button of bar.querySelectorAll("[data-ids-only]")) button.hidden ||= Boolean(whole);
  bar.querySelector("[data-bulk-page]").hidden = whole || selected.size === shown.length;
  bar.querySelector("[data-bulk-all]").hidden = whole || selected.size < shown.length || !results().querySelector(".assets__more");
}

function set(box, is) {
  if (is) selected.add(idOf(box));
  else selected.delete(idOf(box));
}

function clear() {
  selected.clear();
  whole = last = null;
  paint();
}

function selectShown() {
  for (const box of boxes()) set(box, true);
  paint();
}

/** What a form has to say about the selection. */
const values = () => (whole ? { all: "1", params: whole.params } : { asset: [...selected] });

function act(url, { target = null, more = {} } = {}) {
  htmx.ajax("POST", url, { source: bar, target: target ?? document.body, swap: target ? "innerHTML" : "none", values: { ...values(), ...more } });
}

function extend(box, step) {
  const all = boxes();
  const from = all.indexOf(box);
  const next = all[from + step];
  if (!next) return;
  const anchor = all.findIndex((other) => idOf(other) === last);
  const start = anchor < 0 ? from : anchor;
  const isBack = Math.abs(from + step - start) < Math.abs(from - start);
  whole = null;
  if (anchor < 0) last = idOf(box);
  set(box, !isBack);
  set(next, true);
  next.focus();
  paint();
}

if (bar) {
  paint();
  document.addEventListener("click", (event) => {
    const box = event.target.closest("#results [data-select]");
    if (!box) return;
    const all = boxes();
    const from = event.shiftKey ? all.findIndex((other) => idOf(other) === last) : -1;
    const to = all.indexOf(box);
    const range = from < 0 ? [box] : all.slice(Math.min(from, to), Math.max(from, to) + 1);
    whole = null;
    for (const one of range) set(one, box.checked);
    last = idOf(box);
    paint();
  });
  document.addEventListener("mousedown", (event) => {
    if (event.shiftKey && event.target.closest("#results [data-select]")) event.preventDefault(); // no text is marked
  });
  document.addEventListener("keydown", (event) => {
    if (document.querySelector("dialog:modal") || event.target.closest(".menu")) return;
    const box = event.target.closest("#results [data-select]");
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (event.key === "Escape" && selected.size && !event.target.matches("input[type=search]")) clear();
    else if (event.key.toLowerCase() === "a" && (event.ctrlKey || event.metaKey) && results()?.contains(event.target)) {
      event.preventDefault();
      selectShown();
    } else if (box && step && event.shiftKey) {
      event.preventDefault();
      extend(box, step);
    }
  });
  bar.addEventListener("submit", () => {
    for (const old of bar.querySelectorAll("[data-chosen]")) old.remove();
    for (const [name, value] of Object.entries(values())) {
      for (const each of [value].flat()) {
        const input = Object.assign(document.createElement("input"), { type: "hidden", name, value: each });
        input.dataset.chosen = "";
        bar.append(input);
      }
    }
  });
  bar.addEventListener("click", ({ target }) => {
    const button = target.closest("[data-bulk]");
    if (button) act(button.dataset.bulk, { target: button.dataset.target });
    if (target.closest("[data-bulk-page]")) selectShown();
    if (target.closest("[data-bulk-all]")) count();
    if (target.closest("[data-bulk-clear]")) clear();
  });
  tagForm?.addEventListener("submit", (event) => {
    event.preventDefault();
    act(tagForm.dataset.bulkTag, { more: { name: tagForm.elements.name.value } });
    tagForm.hidePopover();
    tagForm.reset();
  });
  document.addEventListener("many:counted", ({ detail }) => {
    whole = { text: detail.text, params: searched().toString() };
    paint();
  });
  document.addEventListener("library:stale", refresh);
  new MutationObserver(paint).observe(document.querySelector("main") ?? document.body, { childList: true, subtree: true });
}

function count() {
  const params = searched();
  const more = params.has("trash") ? { trash: "1" } : {};
  htmx.ajax("POST", bar.dataset.count, { source: bar, target: document.body, swap: "none", values: { all: "1", params: params.toString(), ...more } });
}

/** So much has changed that the page asks for all of it again. */
function refresh() {
  if (!results()) return; // library/fresh.js fills the page
  clear();
  const select = bar.dataset.params ? { select: "#results", swap: "outerHTML" } : { swap: "innerHTML" };
  htmx.ajax("GET", location.href, { source: document.body, target: "#results", ...select }).then(paint);
}
