// Cards of jobs. In motion, the clock and the bar go on between two pushes; one that another tab or member started joins
// the list of its kind: <div data-job-list="kind">, of one person alone with data-person. On every page, because cards are too.
import "./notify.js";

const TICK_MS = 1000;
const LAST = 95; // never quite there before it is

function time(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const two = (number) => String(number).padStart(2, "0");
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  return h ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

function tick() {
  if (document.hidden) return;
  const now = Date.now();
  for (const clock of document.querySelectorAll("[data-elapsed]")) clock.textContent = time((now - Date.parse(clock.dataset.elapsed)) / 1000);
  for (const bar of document.querySelectorAll("progress[data-expected]")) {
    const share = (now - Date.parse(bar.dataset.began)) / 10 / Number(bar.dataset.expected);
    bar.value = Math.min(LAST, Math.max(bar.value, share));
  }
}

setInterval(tick, TICK_MS);

const taken = new Set(); // jobs whose cards were taken off this page: a push that was on its way does not bring them back
document.addEventListener("htmx:beforeCleanupElement", ({ target }) => target.dataset?.job && taken.add(target.dataset.job));

// A card was pushed that this page does not show: a new job, or one further down than the page goes.
document.addEventListener("job:unseen", (event) => {
  const pushed = document.createElement("template");
  pushed.innerHTML = event.detail;
  const card = pushed.content.firstElementChild;
  const { job, kind, person } = card.dataset;
  const list = document.querySelector(`[data-job-list="${CSS.escape(kind)}"]`);
  if (!list || taken.has(job) || (list.dataset.person && list.dataset.person !== person)) return;
  const shown = [...document.querySelectorAll(`[data-job][data-kind="${CSS.escape(kind)}"]`)];
  const older = shown.find((other) => other.dataset.job < job); // newest first: ids are in the order of time
  if (shown.length && !older) return;
  card.removeAttribute("hx-swap-oob");
  if (older && (older !== shown[0] || !list.contains(older))) older.before(card);
  else list.prepend(card);
  htmx.process(card);
});

// The push may be here before the answer to the press that made the job: what was pushed is the newer of the two.
document.addEventListener("htmx:load", (event) => {
  const card = event.target;
  if (!card.dataset?.job || !card.id) return;
  const twins = document.querySelectorAll(`#${CSS.escape(card.id)}`);
  if (twins.length > 1) card.remove();
});
