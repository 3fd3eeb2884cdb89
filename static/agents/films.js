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
  if (video && previewed.has(video) && !video.contains(event.relatedTarget)) {
    end(video);
    video.pause();
    video.currentTime = 0;
    video.load(); // the poster again
  }
});

/** It is watched now, no longer only looked at. */
for (const kind of ["pointerdown", "keydown"]) {
  document.addEventListener(kind, (event) => {
    const video = event.target.closest?.(FILM);
    if (!video || !previewed.has(video)) return;
    end(video);
    video.currentTime = 0;
    if (kind === "pointerdown") event.preventDefault();
  }, { capture: true });
}

// The click that follows would stop what already plays.
document.addEventListener("click", (event) => {
  const video = event.target.closest?.(FILM);
  if (video?.dataset.begun) {
    delete video.dataset.begun;
    event.preventDefault();
  }
}, { capture: true });

function end(video) {
  if (!previewed.delete(video)) return;
  video.muted = false;
  video.loop = false;
  if (!video.paused) video.dataset.begun = "";
}
