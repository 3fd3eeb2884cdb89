/** Films show their poster and a button. Under the pointer they run without sound; a press plays them with it, from the start. */

const FILM = "[data-film]";
const still = matchMedia("(prefers-reduced-motion: reduce)");
const isHeld = () => document.documentElement.dataset.motion === "off" || still.matches;
const previewed = new WeakSet();
const parts = (film) => [film.querySelector("video"), film.querySelector("[data-film-play]")];

/** Without a script the browser's own controls are there from the start. */
function dress() {
  for (const film of document.querySelectorAll(`${FILM}:not([data-dressed])`)) {
    film.dataset.dressed = "";
    const [video, button] = parts(film);
    if (!video || !video.paused) continue;
    video.controls = false;
    button.hidden = false;
  }
}

document.addEventListener("pointerover", (event) => {
  const film = event.target.closest?.(FILM);
  if (!film || film.contains(event.relatedTarget) || event.pointerType !== "mouse" || isHeld()) return;
  const [video] = parts(film);
  if (!video || video.controls) return;
  previewed.add(video);
  video.muted = true;
  video.loop = true;
  video.play().catch(() => end(video));
});

document.addEventListener("pointerout", (event) => {
  const film = event.target.closest?.(FILM);
  if (!film || film.contains(event.relatedTarget)) return;
  const [video] = parts(film);
  if (video && end(video)) video.load(); // the poster again
});

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-film-play]");
  if (!button) return;
  const [video] = parts(button.closest(FILM));
  end(video);
  video.currentTime = 0;
  video.controls = true;
  video.focus();
  button.hidden = true;
  video.play().catch(() => {}); // a file that is gone: the browser's controls say so
});

/** True if it was only being looked at. */
function end(video) {
  if (!previewed.delete(video)) return false;
  video.pause();
  video.muted = false;
  video.loop = false;
  return true;
}

for (const name of ["htmx:load", "htmx:oobAfterSwap", "htmx:afterSettle"]) document.addEventListener(name, dress);
dress();
