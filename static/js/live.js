// The socket of the workspace: says so when it is lost for more than a moment.
const root = document.documentElement;
const events = document.getElementById("events");
const PATIENCE_MS = 2500;
const NOT_FOUND = 4404;
let timer = 0;

// A fragment goes to every page of the workspace; what this page does not show is not an error.
htmx.defineExtension("only-shown", {
  transformResponse(text) {
    const arrived = document.createElement("template");
    arrived.innerHTML = text;
    for (const element of [...arrived.content.children]) {
      if (element.id === "tray-signal") {
        // The list asks itself: an element that came along and asked would be gone before its answer, if a second one came.
        document.dispatchEvent(new CustomEvent("tray:rung"));
        element.remove();
        continue;
      }
      const [, selector] = (element.getAttribute("hx-swap-oob") ?? "true").split(/:(.*)/s);
      if (document.querySelector(selector || `#${CSS.escape(element.id)}`)) continue;
      if (element.dataset.asset) document.dispatchEvent(new CustomEvent("asset:unseen"));
      if (element.dataset.job) document.dispatchEvent(new CustomEvent("job:unseen", { detail: element.outerHTML }));
      element.remove();
    }
    return arrived.innerHTML;
  },
});

// A card that moves on keeps its place under the finger: the same buttons, with the focus, and whatever plays goes on playing.
// What somebody is writing stays, and what they unfolded stays open.
Idiomorph.defaults.callbacks.beforeNodeMorphed = (shown) => !(shown.isConnected && (shown.matches?.("studio-player, video, audio") || (shown.matches?.(".thread__more textarea") && shown.value !== shown.defaultValue)));
Idiomorph.defaults.callbacks.beforeAttributeUpdated = (name, shown) => !(name === "open" && shown.matches(".thread__more"));

if (events) {
  document.addEventListener("htmx:wsOpen", (event) => {
    if (event.target !== events) return;
    clearTimeout(timer);
    timer = 0;
    if (root.dataset.live === "lost") document.dispatchEvent(new CustomEvent("live:back"));
    root.dataset.live = "on";
  });
  for (const name of ["htmx:wsClose", "htmx:wsError"]) {
    document.addEventListener(name, (event) => {
      if (event.target !== events) return;
      if (event.detail?.event?.code === NOT_FOUND) location.reload(); // no longer a member, or signed out elsewhere
      timer ||= setTimeout(() => { root.dataset.live = "lost"; }, PATIENCE_MS);
    });
  }
}
