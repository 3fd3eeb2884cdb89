// What somebody makes while the library is open takes its place in the list: #results with data-fresh, its own first page.
const PAUSE_MS = 300; // a job brings several pictures at once
let timer = 0;

function soon() {
  clearTimeout(timer);
  timer = setTimeout(catchUp, PAUSE_MS);
}
document.addEventListener("asset:unseen", soon);
document.addEventListener("live:back", soon);
document.addEventListener("library:stale", () => { if (!document.getElementById("results")) soon(); });

async function catchUp() {
  const results = document.getElementById("results");
  if (!results) {
    await fillPage();
    return;
  }
  const here = new URL(location.href);
  if (["before", "trash", "sort"].some((name) => here.searchParams.has(name))) return;
  const answer = await fetch(here, { headers: { "HX-Request": "true" } }).catch(() => null);
  if (!answer?.ok || answer.redirected || here.href !== location.href) return; // another search since: it brought what is new
  const arrived = document.createElement("template");
  arrived.innerHTML = await answer.text();
  const list = results.querySelector(".assets");
  if (!list) {
    results.replaceChildren(arrived.content);
    htmx.process(results);
    return;
  }
  for (const card of arrived.content.querySelectorAll(".asset")) if (!document.getElementById(card.id)) place(list, card);
}

/** The newest first, as the library has them: ids are in the order of time. */
function place(list, card) {
  const next = [...list.children].find(({ dataset }) => !dataset.asset || dataset.asset < card.dataset.asset) ?? null;
  card.classList.add("asset--fresh");
  list.insertBefore(card, next);
  htmx.process(card);
}

/** Until now there was nothing at all: the page has no list yet. What lies above it, a drawer or the uploads, stays open. */
async function fillPage() {
  const answer = await fetch(location.href).catch(() => null);
  if (!answer?.ok || answer.redirected) return;
  const arrived = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("#main > .page");
  const page = document.querySelector("#main > .page");
  if (!arrived?.querySelector("#results") || !page || document.getElementById("results")) return;
  const bar = page.querySelector("#bulk"); // library/select.js holds on to it
  if (bar) arrived.querySelector("#bulk")?.replaceWith(bar);
  page.replaceWith(arrived);
  htmx.process(arrived);
}
