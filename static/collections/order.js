// A collection in order by hand: drag a place by its handle, or focus the handle and press an arrow key. Each step is saved at once.

const place = (element) => element.closest?.("[data-place]");
const list = (element) => element.closest?.("[data-order]");
let held = null;
let following = null; // the place that the held one had before, for when it could not be saved

document.addEventListener("dragstart", (event) => {
  if (!event.target.closest?.("[data-grip]")) return;
  held = place(event.target);
  following = held.nextElementSibling;
  held.dataset.held = "";
  event.dataTransfer.effectAllowed = "move";
  event.dataTransfer.setData("text/plain", held.dataset.place);
  event.dataTransfer.setDragImage(held, 20, 20);
});
document.addEventListener("dragover", (event) => {
  const over = held && place(event.target);
  if (!held || !list(event.target)) return;
  event.preventDefault();
  if (!over || over === held) return;
  const isAfter = held.compareDocumentPosition(over) & Node.DOCUMENT_POSITION_FOLLOWING;
  list(over).insertBefore(held, isAfter ? over.nextElementSibling : over);
});
document.addEventListener("drop", (event) => {
  if (!held) return;
  event.preventDefault();
  save(held, following);
  release();
});
document.addEventListener("dragend", () => {
  if (!held) return; // it was dropped on a place
  held.parentElement.insertBefore(held, following);
  release();
});

function release() {
  delete held.dataset.held;
  held = following = null;
}

document.addEventListener("keydown", (event) => {
  const grip = event.target.closest?.("[data-grip]");
  const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
  if (!grip || !step || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  shift(place(grip), step);
  grip.focus();
});

// The two buttons work without a script too, one page at a time.
document.addEventListener("submit", (event) => {
  const button = event.submitter?.closest("[data-step]");
  if (!button) return;
  event.preventDefault();
  shift(place(button), Number(button.value));
  button.focus();
});

function shift(moving, step) {
  const neighbour = step < 0 ? moving.previousElementSibling : moving.nextElementSibling;
  if (!neighbour?.matches("[data-place]")) return;
  const before = moving.nextElementSibling;
  moving.parentElement.insertBefore(moving, step < 0 ? neighbour : neighbour.nextElementSibling);
  save(moving, before);
}

async function save(moving, before) {
  const all = list(moving);
  const next = moving.nextElementSibling;
  const number = [...all.querySelectorAll("[data-place]")].indexOf(moving) + 1;
  document.getElementById("live-region").textContent = all.dataset.moved.replace("{n}", number);
  const values = new URLSearchParams({ asset: moving.dataset.place });
  if (next?.matches("[data-place]")) values.set("before", next.dataset.place);
  else if (next) { // more follow that are not on the page yet: not the end, but one place further than its neighbour
    values.set("after", moving.previousElementSibling?.dataset.place ?? "");
  }
  const headers = { ...JSON.parse(document.body.getAttribute("hx-headers")), "HX-Request": "true" };
  const answer = await fetch(all.dataset.order, { method: "POST", body: values, headers }).catch(() => null);
  if (answer?.ok) return;
  moving.parentElement.insertBefore(moving, before);
  const { broken } = document.getElementById("texts").dataset;
  document.dispatchEvent(new CustomEvent("toast", { detail: { text: broken, tone: "bad" } }));
}
