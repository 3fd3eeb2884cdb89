// The command palette: a combobox whose options come from the server. Chosen ones are remembered per workspace in this browser.
import { open } from "./dialogs.js";

const dialog = document.getElementById("palette");
if (dialog) start();

function start() {
  const input = dialog.querySelector("#palette-input");
  const list = dialog.querySelector("#palette-list");
  const recent = dialog.querySelector("#palette-recent");
  const store = `studio.palette.${recent.dataset.workspace}`;
  const KEEP = 6;

  document.addEventListener("click", (event) => {
    if (!event.target.closest("[data-open-palette]")) return;
    input.value = "";
    recent.value = remembered().join(",");
    open(dialog);
    input.focus();
    window.htmx.trigger(input.form, "palette:ask");
  });

  function remembered() {
    try {
      const kept = JSON.parse(localStorage.getItem(store) ?? "[]");
      return Array.isArray(kept) ? kept.filter((key) => typeof key === "string").slice(0, KEEP) : [];
    } catch {
      return [];
    }
  }

  const options = () => [...list.querySelectorAll('[role="option"]')];
  const chosen = () => list.querySelector('[aria-selected="true"]');

  function choose(option) {
    chosen()?.setAttribute("aria-selected", "false");
    option?.setAttribute("aria-selected", "true");
    if (option) input.setAttribute("aria-activedescendant", option.id);
    else input.removeAttribute("aria-activedescendant");
    option?.scrollIntoView({ block: "nearest" });
  }

  list.addEventListener("htmx:afterSwap", () => choose(options()[0]));
  list.addEventListener("pointermove", (event) => {
    const option = event.target.closest('[role="option"]');
    if (option && option !== chosen()) choose(option);
  });
  list.addEventListener("click", (event) => {
    const option = event.target.closest('[role="option"]');
    if (!option) return;
    try {
      localStorage.setItem(store, JSON.stringify([option.dataset.key, ...remembered().filter((key) => key !== option.dataset.key)].slice(0, KEEP)));
    } catch { /* private windows may refuse to store; nothing else depends on it */ }
    dialog.close();
  });
  input.addEventListener("keydown", (event) => {
    const all = options();
    const at = all.indexOf(chosen());
    if (event.key === "ArrowDown") choose(all[(at + 1) % all.length]);
    else if (event.key === "ArrowUp") choose(all[(at - 1 + all.length) % all.length]);
    else if (event.key === "PageDown") choose(all[Math.min(at + 6, all.length - 1)]);
    else if (event.key === "PageUp") choose(all[Math.max(at - 6, 0)]);
    else if (event.key === "Enter" && !event.isComposing) chosen()?.click();
    else return;
    event.preventDefault();
  });
}
