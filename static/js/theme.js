// The theme changes at once; the server is told so that the next page starts in it.
const root = document.documentElement;

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-set-theme]");
  if (!button) return;
  const theme = button.dataset.setTheme;
  if (theme === "auto") delete root.dataset.theme;
  else root.dataset.theme = theme;
  for (const other of document.querySelectorAll("[data-set-theme]")) {
    const state = ["aria-checked", "aria-pressed"].find((name) => other.hasAttribute(name));
    if (state) other.setAttribute(state, String(other.dataset.setTheme === theme));
  }
  const url = button.closest("[data-theme-switch]")?.dataset.url;
  if (url) window.htmx.ajax("POST", url, { values: { theme }, swap: "none", source: button });
});
