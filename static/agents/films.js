/** Films under the pointer run without sound; a press plays them with it, from the start. */

const FILM = "[data-film] video";
const still = matchMedia("(prefers-reduced-motion: reduce)");
const isHeld = () => document.documentElement.dataset.motion === "off" || still.matches;
const previewed = new WeakSet();

document.addEventListener("pointerover", (event) => {
  const video = event.target.closest?.(FILM);
  if (!video || event.pointerType !== "mouse" || isHeld() || !video.paused || video.currentTime > 0) return;
  previewed.add(video);
  video.muted = true;
  video.loop = true;
  video.play().catch(() => end(video));
});

document.addEventListener("pointerout", (event) => {
  const video = event.target.closest?.(FILM);
  if (!video || video.contains(event.relatedTarget) || !end(video)) return;
  video.load(); // the poster again
});

// A press means that it is to be watched: it stands at its start, and the player's own controls let it go.
for (const kind of ["pointerdown", "keydown"]) {
  document.addEventListener(kind, (event) => {
    const video = event.target.closest?.(FILM);
    if (video && end(video)) video.currentTime = 0;
  }, { capture: true });
}

/** True if it was only being looked at. */
function end(video) {
  if (!previewed.delete(video)) return false;
  video.pause();
  video.muted = false;
  video.loop = false;
  return true;
}
