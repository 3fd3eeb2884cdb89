// The drawer of an asset: arrows step to the asset before or after it on the page, and where it closes the card has the focus.
const drawer = document.getElementById("drawer");
let opener = null; // what had the focus before the drawer opened

const shown = () => drawer.querySelector("[data-details]")?.dataset.details ?? "";
const escaped = (id) => CSS.escape(id);
const linkOf = (id) => document.querySelector(`main [data-asset="${escaped(id)}"] [hx-target="#drawer"][href$="/${escaped(id)}/"]`);

/** The links to details on the page, in its order, each asset once. */
function links() {
  const found = new Map();
  for (const link of document.querySelectorAll('main [data-asset] [hx-target="#drawer"][href]')) {
    const id = link.closest("[data-asset]").dataset.asset;
    if (!found.has(id) && link.getAttribute("href").endsWith(`/${id}/`) && link.offsetParent !== null) found.set(id, link);
  }
  return found;
}

function neighbour(by) {
  const all = [...links().keys()];
  const at = all.indexOf(shown());
  return at < 0 ? undefined : all[at + by];
}

function step(by) {
  const id = neighbour(by);
  if (!id) return false;
  const held = document.activeElement?.closest?.("[data-step]")?.dataset.step;
  linkOf(id)?.closest("[data-asset]").scrollIntoView({ block: "nearest" });
  htmx.ajax("GET", links().get(id).getAttribute("href"), { source: links().get(id), target: drawer }).then(() => {
    const button = held && drawer.querySelector(`[data-step="${held}"]:not(:disabled)`);
    (button || drawer.querySelector("#drawer-title"))?.focus({ preventScroll: true });
  });
  return true;
}

drawer?.addEventListener("click", (event) => {
  const button = event.target.closest("[data-step]");
  if (button) step(Number(button.dataset.step));
});

// What has a use for the arrows of its own keeps them.
const keeps = (element) => element.closest?.("input, textarea, select, video, audio, studio-player, [role=slider], [role=menu], .versions, [contenteditable]");

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
  if (!drawer?.open || !shown() || keeps(event.target)) return;
  const forwards = document.documentElement.dir === "rtl" ? "ArrowLeft" : "ArrowRight";
  const backwards = document.documentElement.dir === "rtl" ? "ArrowRight" : "ArrowLeft";
  if (event.key !== forwards && event.key !== backwards) return;
  if (step(event.key === forwards ? 1 : -1)) event.preventDefault();
});

document.addEventListener("htmx:beforeRequest", (event) => {
  if (event.detail.target === drawer && !drawer.open) opener = document.activeElement;
});

document.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target !== drawer || !shown()) return;
  drawer.scrollTop = 0;
  const steps = drawer.querySelector("[data-steps]");
  steps.hidden = !(neighbour(-1) || neighbour(1));
  for (const button of steps.children) button.disabled = !neighbour(Number(button.dataset.step));
  drawer.querySelector(".version[aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
  drawer.scrollTop = 0;
  if (drawer.querySelector("studio-player") && !customElements.get("studio-player")) import("./player.js");
});

drawer?.addEventListener("close", () => {
  const card = shown() && links().get(shown());
  const back = card || (opener?.isConnected ? opener : null);
  back?.focus({ preventScroll: Boolean(!card) });
});

// It went to the trash: there is nothing more to show. Asked once more, the drawer stays.
document.addEventListener("htmx:afterRequest", (event) => {
  const form = event.target.closest?.("[data-trashes]");
  if (form && event.detail.successful && !event.detail.xhr.getResponseHeader("HX-Retarget")) form.closest("dialog")?.close();
});
