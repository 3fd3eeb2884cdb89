// The chapters of a book below its player: a press goes there without a new page, and the one that is heard is marked.
const list = document.querySelector("[data-chapters]");
const player = document.querySelector("studio-player");
const links = [...list.querySelectorAll("[data-seek]")];

list.addEventListener("click", (event) => {
  const link = event.target.closest("[data-seek]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  player.seek(Number(link.dataset.seek));
  player.play();
});

function mark() {
  const heard = links.findLast((link) => Number(link.dataset.seek) <= player.currentTime + 0.05);
  for (const link of links) {
    if (link === heard) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
}
player.addEventListener("timeupdate", mark);
player.addEventListener("play", mark);
