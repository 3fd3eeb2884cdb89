/** The previews move while they are seen, unless somebody wants them still. */

const KEY = "agents:motion";
const root = document.documentElement;
const button = document.querySelector("[data-motion]");
const still = matchMedia("(prefers-reduced-motion: reduce)");

function isOff() {
  try {
    return localStorage.getItem(KEY) === "off";
  } catch {
    return root.dataset.motion === "off"; // storage is blocked: for this page only
  }
}

function show(off) {
  root.dataset.motion = off ? "off" : "on";
  button?.setAttribute("aria-pressed", String(off));
}

show(isOff());
if (button) {
  button.hidden = still.matches;
  still.addEventListener("change", () => { button.hidden = still.matches; });
  button.addEventListener("click", () => {
    const off = root.dataset.motion !== "off";
    show(off);
    try {
      localStorage.setItem(KEY, off ? "off" : "on");
    } catch {
      // it holds until the page is left
    }
  });
}

const seen = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) target.toggleAttribute("data-seen", isIntersecting);
}, { rootMargin: "40px" });
for (const scene of document.querySelectorAll("[data-scene]")) seen.observe(scene);
document.addEventListener("htmx:afterSettle", () => { for (const scene of document.querySelectorAll("[data-scene]:not([data-seen])")) seen.observe(scene); });
