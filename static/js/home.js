// In the box: Enter goes on, Shift-Enter is a new line.
document.querySelector("[data-ask] textarea")?.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  event.target.form.requestSubmit();
});

// The box speaks of what is chosen, and so do the examples under it.
const ask = document.querySelector("[data-ask]");
function followChoice() {
  const chosen = ask.querySelector("[name=page]:checked");
  ask.querySelector("textarea").placeholder = chosen.dataset.placeholder;
  for (const examples of document.querySelectorAll("[data-examples]")) examples.hidden = examples.dataset.examples !== chosen.value;
}
ask?.addEventListener("change", followChoice);
if (ask) followChoice(); // a browser that goes back chooses what was chosen

// Something new was made, by whoever: show it among the latest results, unless that would cut off what is being listened to.
let timer = 0;
document.addEventListener("asset:unseen", () => {
  clearTimeout(timer);
  timer = setTimeout(() => {
    const isListening = [...document.querySelectorAll("#home-latest audio, #home-latest video")].some((medium) => !medium.paused);
    if (!isListening) window.htmx.trigger("#home-stale", "home:stale");
  }, 200);
});
