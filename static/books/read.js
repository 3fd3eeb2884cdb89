/**
 * Reading along: the sentence that is heard is lit, a click on a sentence goes there, the arrows go from one to the next.
 *
 * A chapter may have thousands of sentences: they stand in the page as the server wrote them, and at a moment two of them change.
 */

const page = document.querySelector("[data-read]");
const script = page.querySelector("[data-script]");
const player = page.querySelector("studio-player");
const sentences = [...script.querySelectorAll("[data-sentence]")];
const places = new Map(sentences.map((sentence, place) => [sentence, place]));
const times = JSON.parse(document.getElementById("timings")?.textContent ?? "[]"); // [start, end] in seconds, a pair for each sentence or null
const heard = times.map((pair, place) => [pair, place]).filter(([pair]) => pair); // what the sound holds, in order
const acts = page.querySelectorAll("[data-of-sentence]");
const follow = page.querySelector("[data-follow]");
const PATIENCE_MS = 3000; // after the person scrolled, the text does not run away
let now = -1;
let scrolledAt = -PATIENCE_MS;

function placeAt(seconds) {
  let low = 0;
  let high = heard.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (heard[middle][0][0] <= seconds + 0.01) low = middle + 1;
    else high = middle;
  }
  return heard[Math.max(0, low - 1)]?.[1] ?? -1;
}

/** Light up a sentence. `bring`: even if the person is looking elsewhere. */
function light(place, { bring = false } = {}) {
  if (place === now && !bring) return;
  sentences[now]?.removeAttribute("data-now");
  now = place;
  const sentence = sentences[place];
  for (const act of acts) act.disabled = !sentence;
  if (!sentence) return;
  sentence.dataset.now = "";
  if (bring || (follow?.checked !== false && performance.now() - scrolledAt > PATIENCE_MS)) show(sentence);
}

function show(sentence) {
  const box = sentence.getBoundingClientRect();
  const foot = page.querySelector("[data-read-bar]")?.getBoundingClientRect().top ?? innerHeight;
  if (box.top > 80 && box.bottom < Math.min(foot, innerHeight) - 24) return;
  const isCalm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  sentence.scrollIntoView({ block: "center", behavior: isCalm ? "auto" : "smooth" });
}

function go(place, { play = false } = {}) {
  const next = Math.min(Math.max(0, place), sentences.length - 1);
  const pair = times[next];
  if (player?.audio && pair) {
    player.seek(pair[0]);
    if (play) player.play();
  }
  light(next, { bring: true });
}

function follower() {
  if (player.paused) return;
  light(placeAt(player.currentTime));
  requestAnimationFrame(follower);
}

for (const kind of ["wheel", "touchmove"]) addEventListener(kind, () => (scrolledAt = performance.now()), { passive: true });

script.addEventListener("click", (event) => {
  if (!getSelection().isCollapsed || event.target.closest("a, button")) return; // selecting, not pointing
  const sentence = event.target.closest("[data-sentence]");
  if (sentence) go(places.get(sentence), { play: event.detail < 2 });
});

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  const isInScript = script.contains(event.target) || event.target === document.body || event.target.id === "main";
  if (!isInScript) return;
  if (event.key === " ") player?.toggle?.();
  else if (event.key === "ArrowRight") go(now + 1);
  else if (event.key === "ArrowLeft") go(now - 1);
  else if (event.key === "Home" && event.target === script) go(0);
  else if (event.key === "End" && event.target === script) go(sentences.length - 1);
  else if (event.key === "Enter" && event.target === script) page.querySelector("[data-open-sentence]")?.click();
  else return;
  event.preventDefault();
});

page.addEventListener("click", ({ target }) => {
  if (target.closest("[data-before]")) go(now - 1);
  if (target.closest("[data-after]")) go(now + 1);
  const opener = target.closest("[data-open-sentence]");
  const sentence = sentences[Math.max(0, now)];
  if (!opener || !sentence) return;
  player?.pause?.();
  htmx.ajax("GET", page.dataset.sentenceUrl.replace(page.dataset.noSentence, sentence.dataset.sentence), { target: "#drawer", swap: "innerHTML" });
});

// Who goes on in the drawer from one sentence to the next goes on in the text.
document.getElementById("drawer").addEventListener("htmx:afterSettle", () => {
  const pk = document.querySelector("#drawer [data-sentence-drawer]")?.dataset.sentenceDrawer;
  const place = sentences.findIndex(({ dataset }) => dataset.sentence === pk);
  if (place >= 0 && place !== now) go(place);
});

// What was changed in the drawer is drawn anew once that is closed.
let isChanged = false;
document.addEventListener("sentence:changed", () => (isChanged = true));
document.getElementById("drawer").addEventListener("close", () => {
  if (!isChanged) return;
  history.replaceState(null, "", `#${sentences[Math.max(0, now)].id}`);
  location.reload();
});

if (player) {
  player.addEventListener("play", () => requestAnimationFrame(follower));
  player.addEventListener("timeupdate", () => light(placeAt(player.currentTime)));
  player.addEventListener("ended", () => {
    const link = page.querySelector("[data-next-chapter]");
    if (link) location.assign(`${link.href}#play`);
  });
}

// #play: the chapter before has just ended. #<sentence>: somebody was led here.
const wanted = location.hash.slice(1);
const found = sentences.findIndex(({ id }) => id === wanted);
if (found >= 0) go(found);
else if (wanted === "play" && player) customElements.whenDefined("studio-player").then(() => player.play());
for (const act of acts) act.disabled = now < 0;
page.dataset.ready = "";
