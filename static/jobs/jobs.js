// Cards of jobs in motion: the clock and the bar go on between two pushes. On every page, because cards are too.
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
