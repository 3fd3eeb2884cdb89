// What somebody makes while the library is open takes its place in the list: #results with data-fresh, its own first page.
const PAUSE_MS = 300; // a job brings several pictures at once
let timer = 0;

function soon() {
  clearTimeout(timer);
  timer = setTimeout(catchUp, PAUSE_MS);
}
document.addEventListener("asset:unseen", soon);
document.addEventListener("live:back", soon);

async function catchUp() {
  const results = document.getElementById("results");
  if (!results) {
    location.reload(); // until now there was nothing at all
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
