// A .slider holds a range and a number that say the same. A double click on the label takes both back to data-default.
function paint(slider) {
  const range = slider.querySelector('input[type="range"]');
  const number = slider.querySelector('input[type="number"]');
  const share = (value) => (100 * (Number(value) - Number(range.min))) / (Number(range.max) - Number(range.min) || 1);
  const [a, b] = [share(slider.dataset.origin ?? range.min), share(range.value)].sort((x, y) => x - y);
  range.style.setProperty("--from", `${a}%`);
  range.style.setProperty("--fill", `${b}%`);
  slider.toggleAttribute("data-changed", slider.dataset.default !== "" && Number(number.value) !== Number(slider.dataset.default));
}

export function setSlider(slider, value) {
  const number = slider.querySelector('input[type="number"]');
  number.value = value;
  slider.querySelector('input[type="range"]').value = value;
  paint(slider);
  number.dispatchEvent(new Event("input", { bubbles: true }));
}

document.addEventListener("input", (event) => {
  const slider = event.target.closest?.("[data-slider]");
  if (!slider) return;
  const range = slider.querySelector('input[type="range"]');
  const number = slider.querySelector('input[type="number"]');
  if (event.target === range) {
    number.value = range.value;
    number.dispatchEvent(new Event("input", { bubbles: true }));
  } else if (event.target === number) {
    if (number.value !== "") range.value = number.value;
    paint(slider);
  }
});

document.addEventListener("change", (event) => {
  if (!event.target.matches?.("[data-slider] input")) return;
  const slider = event.target.closest("[data-slider]");
  const number = slider.querySelector('input[type="number"]');
  if (event.target === slider.querySelector('input[type="range"]')) number.dispatchEvent(new Event("change", { bubbles: true }));
  else if (number.value === "") setSlider(slider, slider.dataset.default || number.min);
  else if (Number(number.value) > Number(number.max)) setSlider(slider, number.max);
  else if (Number(number.value) < Number(number.min)) setSlider(slider, number.min);
});

document.addEventListener("dblclick", (event) => {
  const slider = event.target.closest?.("[data-slider]");
  if (slider && event.target.closest("label") && slider.dataset.default !== "") setSlider(slider, slider.dataset.default);
});

export function paintSliders(root = document) {
  root.querySelectorAll("[data-slider]").forEach(paint);
}
document.addEventListener("reset", (event) => setTimeout(() => {
  for (const slider of event.target.querySelectorAll("[data-slider]")) setSlider(slider, slider.querySelector('input[type="number"]').value);
}));
document.addEventListener("htmx:afterSettle", (event) => paintSliders(event.target));
paintSliders();
