// Places in a work: a click on a note's time plays there, a note on a picture shows its point. For guests and for the team.

/** The player, film or picture that a note is about: `id` where several stand on the page. */
export function mediumOf(id = "") {
  const holder = (id && document.querySelector(`[data-work="${CSS.escape(id)}"]`)) || document;
  return holder.querySelector("studio-player, video, img.medium");
}

function seek(medium, seconds) {
  if (!medium || medium.matches("img")) return;
  const go = () => { medium.currentTime = seconds; };
  if (medium.matches("video") && medium.readyState === 0) {
    medium.addEventListener("loadedmetadata", go, { once: true });
    medium.preload = "metadata";
    medium.load();
  } else if (medium.audio?.readyState === 0) {
    medium.audio.addEventListener("loadedmetadata", () => medium.seek(seconds), { once: true });
    medium.audio.preload = "metadata";
    medium.audio.load();
  } else go();
}

/** Mark a point on a picture, in percent from its left and top. */
export function showPoint(picture, x, y) {
  if (!picture?.matches("img")) return;
  let frame = picture.closest(".pointed");
  if (!frame) {
    frame = document.createElement("span");
    frame.className = "pointed";
    picture.replaceWith(frame);
    frame.append(picture);
  }
  const pin = frame.querySelector(".pointed__pin") ?? document.createElement("span");
  pin.className = "pointed__pin";
  pin.style.left = `${x}%`;
  pin.style.top = `${y}%`;
  frame.append(pin);
}

document.addEventListener("click", (event) => {
  const link = event.target.closest?.("[data-at], [data-point]");
  if (!link) return;
  const note = link.closest("[data-note]");
  const medium = mediumOf(note?.dataset.of);
  if (!medium) return; // its player is on another page: the link leads there
  event.preventDefault();
  if (link.dataset.at !== undefined) {
    seek(medium, Number(link.dataset.at));
    medium.play();
  } else showPoint(medium, note.dataset.x, note.dataset.y);
  medium.scrollIntoView({ block: "nearest" });
});

// A link from a note, or from the bell, opens the work at the place.
const asked = new URLSearchParams(location.search).get("t");
if (asked && Number.isFinite(Number(asked))) {
  const medium = mediumOf();
  if (medium?.matches("studio-player")) customElements.whenDefined("studio-player").then(() => seek(medium, Number(asked)));
  else seek(medium, Number(asked));
}
const named = /^#note-[\w-]+$/.test(location.hash) ? document.querySelector(location.hash) : null;
if (named?.dataset.x !== undefined) showPoint(mediumOf(named.dataset.of), named.dataset.x, named.dataset.y);
