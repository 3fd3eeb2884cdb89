// The socket of the workspace: says so when it is lost for more than a moment.
const root = document.documentElement;
const events = document.getElementById("events");
const PATIENCE_MS = 2500;
const NOT_FOUND = 4404;
let timer = 0;

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
