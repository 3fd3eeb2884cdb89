// Marks by keyboard: 1 to 5 rate what is focused or pointed at, 0 takes the rating back, F gives or takes the own star.
// In the open drawer the keys go to what it shows.

let pointed = null;
document.addEventListener("pointerover", (event) => { pointed = event.target.closest?.("[data-asset]") ?? null; });

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
  const key = event.key.toLowerCase();
  if (!/^[0-5f]$/.test(key)) return;
  const shown = document.querySelector("dialog:modal [data-marking]") ?? (document.querySelector("dialog:modal") ? null : document.querySelector("main [data-marking]"));
  if (shown) {
    event.preventDefault();
    press(shown, key);
    return;
  }
  const card = document.querySelector("dialog:modal") ? null : document.activeElement?.closest("[data-asset]") ?? pointed;
  if (!card?.isConnected || !card.dataset.marks) return;
  event.preventDefault();
  if (key === "f") send(`${card.dataset.marks}favourite`, { on: card.hasAttribute("data-favourite") ? 0 : 1 });
  else send(`${card.dataset.marks}rating`, { rating: key });
});

function isTyping(element) {
  return element.isContentEditable || element.matches?.("textarea, select, input:not([type=range], [type=checkbox], [type=radio], [type=button])");
}

function press(marking, key) {
  if (key === "f") marking.querySelector("[data-favourite]")?.click();
  else if (key === "0") marking.querySelector('.star[aria-pressed="true"]')?.click();
  else {
    const star = marking.querySelector(`[data-stars="${key}"]`);
    if (star?.getAttribute("aria-pressed") !== "true") star?.click();
  }
}

function send(url, values) {
  htmx.ajax("POST", url, { source: document.body, target: document.body, swap: "none", values });
}

// The star is the person's own, while cards are pushed to everybody: it moves over to the card that takes the old one's place.
document.addEventListener("asset:favourite", ({ detail: { id, on } }) => document.getElementById(`asset-${id}`)?.toggleAttribute("data-favourite", on));
document.addEventListener("htmx:oobBeforeSwap", ({ detail: { target, fragment } }) => {
  if (target.matches?.("[data-favourite]")) fragment.querySelector?.("[data-asset]")?.setAttribute("data-favourite", "");
});
