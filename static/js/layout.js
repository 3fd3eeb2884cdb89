// What is folded is remembered in a cookie, so that the server draws the page right the first time.
const COOKIE = "studio_layout";
const YEAR_S = 365 * 24 * 3600;
const root = document.documentElement;
const PARTS = ["rail", "composer"];

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-fold]");
  if (button) fold(button.dataset.fold);
});

function fold(part) {
  root.toggleAttribute(`data-${part}`);
  if (root.hasAttribute(`data-${part}`)) root.dataset[part] = "folded";
  const folded = PARTS.filter((name) => root.dataset[name] === "folded").join(".");
  document.cookie = `${COOKIE}=${folded}; path=/; max-age=${YEAR_S}; samesite=lax`;
  root.dispatchEvent(new CustomEvent("layout", { bubbles: true, detail: { part } }));
}
