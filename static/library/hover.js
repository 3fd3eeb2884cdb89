// What the pointer rests on moves: films without a sound, and sounds where the person has played something on this page before.
const REST_MS = { video: 150, audio: 450 };
const reduced = window.matchMedia("(prefers-reduced-motion: reduce)");
let timer = 0;
let playing = null;
let isWanted = false; // sound: not before a sound was asked for

document.addEventListener("play", (event) => { if (event.target !== playing && !event.target.muted) isWanted = true; }, true);

const mediumOf = (target) => target.closest?.("#results .asset__medium")?.querySelector("video, studio-player") ?? null;

document.addEventListener("pointerover", (event) => {
  if (event.pointerType !== "mouse") return;
  const medium = mediumOf(event.target);
  if (medium === playing) return;
  still();
  if (!medium) return;
  const isFilm = medium.matches("video");
  if (isFilm ? reduced.matches || !medium.paused : !isWanted || !medium.paused || !event.target.closest(".wave")) return;
  timer = setTimeout(() => start(medium, isFilm), REST_MS[isFilm ? "video" : "audio"]);
});
document.addEventListener("pointerdown", () => { // a press decides by itself: what plays goes on
  clearTimeout(timer);
  if (playing?.matches("video")) playing.muted = false;
  playing = null;
});

function start(medium, isFilm) {
  playing = medium;
  if (isFilm) {
    medium.muted = true;
    medium.play().catch(() => { playing = null; });
  } else medium.play();
}

function still() {
  clearTimeout(timer);
  if (!playing) return;
  const medium = playing;
  playing = null;
  medium.pause();
  if (medium.matches("video")) {
    medium.muted = false;
    medium.load(); // its poster again
  }
}
