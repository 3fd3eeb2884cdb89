/**
 * The posters: preview on hover, the player, two side by side, and the chosen ones that are joined.
 *
 * Event: `continue` {picture: {id, title, src}}, the last frame of a video.
 */

import { open } from "../js/dialogs.js";

const MOTION = "video:motion";
const HOVER_MS = 120;
const TOLERANCE_S = 0.045; // two players of one film drift; beyond this it would be seen
const SEEK_S = 1;
const reduced = matchMedia("(prefers-reduced-motion: reduce)");

const filmOf = (id) => document.querySelector(`.film[data-film="${CSS.escape(id)}"]`);
const clock = (seconds) => `${Math.floor(seconds / 60)}:${(seconds % 60).toFixed(2).padStart(5, "0")}`;
const towards = () => (document.documentElement.dir === "rtl" ? -1 : 1);

async function post(url, body) {
  const headers = { ...JSON.parse(document.body.getAttribute("hx-headers")), Accept: "application/json, text/html", "HX-Request": "true" };
  return fetch(url, { method: "POST", headers, body });
}

export class Films extends EventTarget {
  #say;
  #words;
  #player = document.getElementById("film-player");
  #now = ""; // the film in the player
  #shownAt = null; // seconds: the picture that is really on the screen
  #chosen = []; // {id, title, poster, src}
  #click = crypto.randomUUID();

  constructor({ say, words }) {
    super();
    this.#say = say;
    this.#words = words;
    this.#preview();
    this.#play();
    this.#choose();
    this.pair = new Pair(document.getElementById("film-compare"));
  }

  // --- preview ---

  #preview() {
    const motion = document.querySelector("[data-motion]");
    motion.checked = (localStorage.getItem(MOTION) ?? String(!reduced.matches)) === "true";
    motion.addEventListener("change", () => {
      localStorage.setItem(MOTION, String(motion.checked));
      this.#still();
    });
    let timer = 0;
    const begin = (event) => {
      const link = event.target.closest?.("[data-open-film]");
      if (!link || !motion.checked || link.querySelector("video")) return;
      clearTimeout(timer);
      timer = setTimeout(() => this.#move(link), HOVER_MS);
    };
    const end = (event) => {
      const link = event.target.closest?.("[data-open-film]");
      if (!link || link.contains(event.relatedTarget)) return;
      clearTimeout(timer);
      this.#still();
    };
    document.addEventListener("pointerover", begin);
    document.addEventListener("focusin", begin);
    document.addEventListener("pointerout", end);
    document.addEventListener("focusout", end);
  }

  #move(link) {
    this.#still();
    const video = document.createElement("video");
    Object.assign(video, { src: link.href, muted: true, loop: true, playsInline: true, tabIndex: -1 });
    video.setAttribute("aria-hidden", "true");
    video.addEventListener("playing", () => { video.dataset.moves = ""; }, { once: true });
    link.append(video);
    video.play().catch(() => video.remove());
  }

  #still() {
    for (const video of document.querySelectorAll("[data-open-film] > video")) {
      video.removeAttribute("src");
      video.load();
      video.blur(); // first, as leaving the focus leads here again
      video.remove();
    }
  }

  // --- the player ---

  #play() {
    const dialog = this.#player;
    const video = dialog.querySelector("[data-player]");
    const time = dialog.querySelector("[data-player-time]");
    const watch = (now, frame) => {
      this.#shownAt = frame.mediaTime;
      time.textContent = clock(frame.mediaTime);
      video.requestVideoFrameCallback(watch);
    };
    if ("requestVideoFrameCallback" in video) video.requestVideoFrameCallback(watch);
    else video.addEventListener("timeupdate", () => { time.textContent = clock(video.currentTime); });
    document.addEventListener("click", (event) => {
      const link = event.target.closest("[data-open-film]");
      if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
      event.preventDefault();
      this.#still();
      this.#show(link.closest(".film"));
      dialog.showModal();
      dialog.focus(); // the keys belong to the video, not to the first button
      video.play().catch(() => {});
    });
    dialog.addEventListener("close", () => {
      video.pause();
      filmOf(this.#now)?.querySelector("[data-open-film]")?.focus();
    });
    dialog.addEventListener("keydown", (event) => this.#pressed(event, video));
    dialog.addEventListener("click", (event) => {
      const step = event.target.closest("[data-frame-step]");
      if (step) this.#step(video, Number(step.dataset.frameStep));
      if (event.target.closest("[data-extract]")) this.#extract(event.target.closest("button"), video);
      if (event.target.closest("[data-continue]")) this.#continue(event.target.closest("button"));
      if (event.target.closest("[data-player-details]")) {
        event.preventDefault();
        const { details } = filmOf(this.#now).dataset;
        dialog.close();
        htmx.ajax("GET", details, "#drawer");
      }
      const share = event.target.closest("[data-player-share]");
      if (share) {
        dialog.close();
        htmx.ajax("POST", share.dataset.playerShare, { target: "#drawer", values: { asset: this.#now } });
      }
    });
  }

  #show(film) {
    const dialog = this.#player;
    const video = dialog.querySelector("[data-player]");
    this.#now = film.dataset.film;
    this.#shownAt = null;
    if (film.dataset.poster) video.poster = film.dataset.poster;
    video.src = film.dataset.src;
    dialog.querySelector("[data-player-title]").textContent = film.dataset.title;
    dialog.querySelector("[data-player-details]").href = film.dataset.details;
    dialog.querySelector("[data-player-download]").href = film.dataset.download;
    const recall = dialog.querySelector("[data-player-recall]");
    if (recall) {
      recall.hidden = film.dataset.kind !== "video";
      recall.href = film.dataset.recall;
    }
  }

  #step(video, by) {
    video.pause();
    const length = 1 / (Number(filmOf(this.#now)?.dataset.fps) || 25);
    const at = this.#shownAt ?? video.currentTime;
    video.currentTime = Math.min(video.duration - length / 2, Math.max(0, at + by * length + length / 10)); // a little inside the frame
  }

  #pressed(event, video) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const onControl = event.target.closest("button, a, video");
    if (event.key === " " && !onControl) video[video.paused ? "play" : "pause"]();
    else if (event.key === "ArrowRight" && event.target !== video) video.currentTime += SEEK_S * towards();
    else if (event.key === "ArrowLeft" && event.target !== video) video.currentTime -= SEEK_S * towards();
    else if (event.key === ".") this.#step(video, 1);
    else if (event.key === ",") this.#step(video, -1);
    else return;
    event.preventDefault();
  }

  async #frame(button, body) {
    button.disabled = true;
    try {
      const answer = await post(filmOf(this.#now).dataset.frame, body);
      const said = answer.ok || answer.status === 422 ? await answer.json() : {};
      if (answer.ok) return said;
      this.#say(said.sentence ?? this.#words.notKept, "bad");
    } catch {
      this.#say(this.#words.notKept, "bad");
    } finally {
      button.disabled = false;
    }
    return null;
  }

  async #extract(button, video) {
    video.pause();
    const length = 1 / (Number(filmOf(this.#now)?.dataset.fps) || 25);
    const at = video.ended || video.currentTime + length / 2 >= video.duration ? "" : String((this.#shownAt ?? video.currentTime) + length / 4);
    const picture = await this.#frame(button, new URLSearchParams({ at_s: at }));
    if (picture) this.#say(this.#words.kept);
  }

  async #continue(button) {
    const picture = await this.#frame(button, new URLSearchParams());
    if (!picture) return;
    this.#player.close();
    this.dispatchEvent(new CustomEvent("continue", { detail: { picture } }));
  }

  // --- the chosen ones ---

  get #tray() {
    return document.getElementById("chosen");
  }

  #choose() {
    document.addEventListener("change", (event) => {
      if (!event.target.matches("[data-choose-film]")) return;
      const { film: id, title, poster, src } = event.target.closest(".film").dataset;
      if (event.target.checked) this.#chosen.push({ id, title, poster, src });
      else this.#chosen = this.#chosen.filter((each) => each.id !== id);
      this.#paint();
    });
    // A card that is drawn anew, or comes with the next page, knows nothing of what was chosen.
    document.addEventListener("htmx:afterSettle", () => this.#tick());
    document.addEventListener("htmx:oobAfterSwap", () => this.#tick());
    const tray = this.#tray;
    const { first: id, firstTitle: title, firstPoster: poster, firstSrc: src } = tray.dataset;
    if (id) {
      this.#chosen.push({ id, title, poster, src });
      this.#paint();
    }
    tray.addEventListener("click", (event) => {
      const place = [...tray.querySelectorAll(".chosen__item")].indexOf(event.target.closest(".chosen__item"));
      const at = (selector) => event.target.closest(selector);
      if (at("[data-earlier]")) this.#shift(place, place - 1, "earlier");
      if (at("[data-later]")) this.#shift(place, place + 1, "later");
      if (at("[data-unchoose]")) this.#leaveOut(place);
      if (at("[data-clear-chosen]")) this.#clear();
      if (at("[data-compare-chosen]")) this.pair.show(this.#chosen);
      if (at("[data-join-chosen]")) this.#join(at("[data-join-chosen]"));
    });
    let dragged = null;
    tray.addEventListener("dragstart", (event) => { dragged = event.target.closest(".chosen__item"); });
    tray.addEventListener("dragover", (event) => {
      const over = event.target.closest(".chosen__item");
      if (!dragged || !over) return;
      event.preventDefault();
      for (const item of tray.querySelectorAll("[data-over]")) if (item !== over) delete item.dataset.over;
      if (over !== dragged) over.dataset.over = "";
    });
    tray.addEventListener("dragend", () => {
      dragged = null;
      for (const item of tray.querySelectorAll("[data-over]")) delete item.dataset.over;
    });
    tray.addEventListener("drop", (event) => {
      const over = event.target.closest(".chosen__item");
      if (!dragged || !over || over === dragged) return;
      event.preventDefault();
      const items = [...tray.querySelectorAll(".chosen__item")];
      this.#shift(items.indexOf(dragged), items.indexOf(over));
    });
  }

  #shift(from, to, focus = "") {
    if (to < 0 || to >= this.#chosen.length) return;
    const [film] = this.#chosen.splice(from, 1);
    this.#chosen.splice(to, 0, film);
    this.#paint();
    const says = this.#tray.dataset.position.replace("{title}", film.title).replace("{now}", to + 1).replace("{total}", this.#chosen.length);
    this.#tray.querySelector("[data-chosen-says]").textContent = says;
    if (!focus) return;
    const item = this.#tray.querySelectorAll(".chosen__item")[to];
    const button = item.querySelector(`[data-${focus}]`);
    (button.disabled ? item.querySelector("button:not(:disabled)") : button).focus();
  }

  #leaveOut(place) {
    const [film] = this.#chosen.splice(place, 1);
    this.#paint();
    (this.#tray.querySelectorAll("[data-unchoose]")[Math.min(place, this.#chosen.length - 1)] ?? filmOf(film.id)?.querySelector("[data-choose-film]"))?.focus();
  }

  #clear() {
    const [first] = this.#chosen;
    this.#chosen = [];
    this.#paint();
    filmOf(first?.id ?? "")?.querySelector("[data-choose-film]")?.focus();
  }

  #tick() {
    const ids = new Set(this.#chosen.map(({ id }) => id));
    for (const box of document.querySelectorAll("[data-choose-film]")) box.checked = ids.has(box.closest(".film").dataset.film);
  }

  #paint() {
    this.#tick();
    const tray = this.#tray;
    const template = document.getElementById("chosen-item");
    tray.hidden = !this.#chosen.length;
    tray.querySelector("[data-chosen-list]").replaceChildren(
      ...this.#chosen.map(({ title, poster }, place) => {
        const item = template.content.cloneNode(true).firstElementChild;
        if (poster) item.querySelector("img").src = poster;
        item.querySelector(".chosen__title").textContent = title;
        for (const button of item.querySelectorAll("button")) button.setAttribute("aria-label", button.getAttribute("aria-label").replace("{title}", title));
        item.querySelector("[data-earlier]").disabled = !place;
        item.querySelector("[data-later]").disabled = place + 1 === this.#chosen.length;
        return item;
      }),
    );
    tray.querySelector("[data-compare-chosen]").disabled = this.#chosen.length !== 2;
    const join = tray.querySelector("[data-join-chosen]");
    if (join) join.disabled = this.#chosen.length < 2;
  }

  async #join(button) {
    button.disabled = true;
    const body = new URLSearchParams({ click: this.#click });
    for (const { id } of this.#chosen) body.append("clip", id);
    try {
      const answer = await post(this.#tray.dataset.joinUrl, body);
      if (!answer.ok) throw new Error(answer.status === 422 ? (await answer.json()).sentence : "");
      const list = document.getElementById("video-jobs");
      list.insertAdjacentHTML("afterbegin", await answer.text());
      htmx.process(list.firstElementChild);
      list.firstElementChild.scrollIntoView({ block: "nearest" });
      this.#click = crypto.randomUUID();
      this.#clear();
    } catch (problem) {
      this.#say((problem instanceof TypeError ? "" : problem.message) || this.#words.notJoined, "bad");
      button.disabled = false;
    }
  }
}

/** Two videos under one playhead. The first leads, the second follows it. */
class Pair {
  #dialog;
  #videos;
  #scrub;

  constructor(dialog) {
    this.#dialog = dialog;
    this.#videos = [...dialog.querySelectorAll("[data-compare]")];
    this.#scrub = dialog.querySelector("[data-compare-scrub]");
    const [first, second] = this.#videos;
    dialog.querySelector("[data-compare-play]").addEventListener("click", () => this.#toggle());
    this.#scrub.addEventListener("input", () => this.#seek(Number(this.#scrub.value)));
    dialog.addEventListener("close", () => this.#pause());
    dialog.addEventListener("keydown", (event) => this.#pressed(event));
    for (const video of this.#videos) video.addEventListener("loadedmetadata", () => { this.#scrub.max = this.#length; });
    first.addEventListener("timeupdate", () => this.#follow());
    second.addEventListener("timeupdate", () => this.#follow());
    for (const video of this.#videos) video.addEventListener("ended", () => { if (this.#videos.every((each) => each.ended || each.paused)) this.#paint(); });
  }

  get #length() {
    return Math.max(...this.#videos.map(({ duration }) => duration || 0));
  }

  /** The one that is longer leads, so that the playhead reaches the end. */
  get #leader() {
    const [first, second] = this.#videos;
    return (second.duration || 0) > (first.duration || 0) ? second : first;
  }

  show(films) {
    this.#videos.forEach((video, place) => {
      if (films[place].poster) video.poster = films[place].poster;
      video.src = films[place].src;
      video.nextElementSibling.textContent = films[place].title;
    });
    this.#scrub.value = 0;
    open(this.#dialog);
    this.#dialog.focus();
    this.#paint();
  }

  get #isPlaying() {
    return !this.#leader.paused && !this.#leader.ended;
  }

  #toggle() {
    if (this.#isPlaying) {
      this.#pause();
      return;
    }
    if (this.#leader.ended) this.#seek(0);
    const at = this.#leader.currentTime;
    for (const video of this.#videos) {
      video.currentTime = Math.min(at, video.duration || at);
      if (at < (video.duration || Infinity)) video.play().catch(() => {});
    }
    this.#paint();
    requestAnimationFrame(() => this.#tick());
  }

  #pause() {
    for (const video of this.#videos) video.pause();
    this.#align();
    this.#paint();
  }

  #tick() {
    this.#follow();
    if (this.#isPlaying) requestAnimationFrame(() => this.#tick());
    else this.#paint();
  }

  #follow() {
    if (this.#isPlaying) {
      const leader = this.#leader;
      const follower = this.#videos.find((video) => video !== leader);
      const drift = follower.currentTime - leader.currentTime;
      const isOver = leader.currentTime >= (follower.duration || 0);
      if (!isOver && !follower.seeking && Math.abs(drift) > 0.25) follower.currentTime = leader.currentTime;
      else follower.playbackRate = !isOver && Math.abs(drift) > TOLERANCE_S ? (drift > 0 ? 0.9 : 1.1) : 1;
    }
    this.#paint();
  }

  #align() {
    const at = this.#leader.currentTime;
    for (const video of this.#videos) if (video !== this.#leader) video.currentTime = Math.min(at, video.duration || at);
  }

  #seek(at) {
    for (const video of this.#videos) video.currentTime = Math.max(0, Math.min(at, video.duration || at));
    this.#paint(at);
  }

  #pressed(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const frame = 1 / 24;
    const at = this.#leader.currentTime;
    if (event.key === " " && !event.target.closest("button")) this.#toggle();
    else if (event.target === this.#scrub) return;
    else if (event.key === "ArrowRight") this.#seek(at + SEEK_S * towards());
    else if (event.key === "ArrowLeft") this.#seek(at - SEEK_S * towards());
    else if (event.key === ".") this.#seek(at + frame);
    else if (event.key === ",") this.#seek(at - frame);
    else return;
    event.preventDefault();
  }

  #paint(at = this.#leader.currentTime) {
    const button = this.#dialog.querySelector("[data-compare-play]");
    const isPlaying = this.#isPlaying;
    if (isPlaying !== ("playing" in button.dataset)) {
      button.toggleAttribute("data-playing", isPlaying);
      button.setAttribute("aria-label", isPlaying ? button.dataset.pause : button.dataset.play);
    }
    if (document.activeElement !== this.#scrub || isPlaying) this.#scrub.value = at;
    this.#scrub.style.setProperty("--fill", `${(100 * at) / (this.#length || 1)}%`);
    this.#scrub.setAttribute("aria-valuetext", clock(at));
    this.#dialog.querySelector("[data-compare-time]").textContent = clock(at);
  }
}
