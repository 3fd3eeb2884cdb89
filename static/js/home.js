// In the box: Enter goes on, Shift-Enter is a new line.
document.querySelector("[data-ask] textarea")?.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  event.target.form.requestSubmit();
});

// Something in motion has arrived: show it among the latest results, unless that would cut off what is being listened to.
const moving = document.getElementById("home-moving");
let before = moving.querySelectorAll("li").length;
document.addEventListener("htmx:oobAfterSwap", (event) => {
  if (event.detail.target.id !== "home-moving") return;
  const now = document.querySelectorAll("#home-moving li").length;
  const isListening = [...document.querySelectorAll("#home-latest audio")].some((audio) => !audio.paused);
  if (now < before && !isListening) window.htmx.trigger("#home-stale", "home:stale");
  before = now;
});
