/**
 * Two songs at one playhead. Both run, one is silent, so the switch is a matter of who is heard; what has drifted apart meets again
 * at the switch. Songs of different length share the second they are at.
 */

const DRIFT_S = 0.04;
const STEP_S = 5;

export class Pair {
  #root;
  #sides;
  #hears = "a";
  #frame = 0;

  constructor(root) {
    this.#root = root;
    this.#sides = Object.fromEntries(
      [...root.querySelectorAll("[data-side]")].map((box) => [box.dataset.side, { box, audio: box.querySelector("audio"), wave: box.querySelector(".wave") }]),
    );
    for (const { audio, wave } of this.#all) {
      const played = wave.querySelector("svg").cloneNode(true);
      played.classList.add("wave__played");
      wave.append(played);
      audio.addEventListener("canplay", () => this.#show());
      audio.addEventListener("error", () => { root.querySelector("[data-pair-fault]").hidden = false; });
      audio.addEventListener("ended", () => { if (audio === this.#heard.audio) this.pause(); });
      wave.addEventListener("pointerdown", (event) => this.#press(event, wave));
    }
    root.addEventListener("click", ({ target }) => {
      const hearer = target.closest("[data-pair-hear]");
      if (hearer) this.hear(hearer.dataset.pairHear);
      if (target.closest("[data-pair-play]")) this.toggle();
    });
    root.querySelector("[data-pair-seek]").addEventListener("input", ({ target }) => this.seek(Number(target.value) * this.#duration));
    this.#show();
  }

  get #all() {
    return Object.values(this.#sides);
  }

  get #heard() {
    return this.#sides[this.#hears];
  }

  get #silent() {
    return this.#sides[this.#hears === "a" ? "b" : "a"];
  }

  #lengthOf({ box, audio }) {
    return Number(box.dataset.duration) || (Number.isFinite(audio.duration) ? audio.duration : 0);
  }

  get #duration() {
    return Math.max(...this.#all.map((side) => this.#lengthOf(side)));
  }

  get isPlaying() {
    return !this.#heard.audio.paused;
  }

  toggle() {
    return this.isPlaying ? this.pause() : this.play();
  }

  async play() {
    const { audio } = this.#heard;
    if (audio.currentTime >= this.#lengthOf(this.#heard) - 0.05) this.seek(0);
    for (const player of document.querySelectorAll("studio-player")) player.pause();
    this.#silent.audio.muted = true;
    audio.muted = false;
    if (this.#silent.audio.currentTime < this.#lengthOf(this.#silent) - 0.05) this.#silent.audio.play().catch(() => {});
    try {
      await audio.play();
    } catch (error) {
      if (error.name !== "AbortError" && error.name !== "NotAllowedError") this.#root.querySelector("[data-pair-fault]").hidden = false;
    }
    this.#run();
  }

  pause() {
    for (const { audio } of this.#all) audio.pause();
    this.#show();
  }

  seek(seconds) {
    for (const side of this.#all) side.audio.currentTime = Math.min(Math.max(0, seconds), this.#lengthOf(side));
    this.#show();
  }

  /** Go on with the other song, at the same place. */
  hear(name) {
    if (name === this.#hears || !this.#sides[name]) return;
    const wasPlaying = this.isPlaying;
    const at = this.#heard.audio.currentTime;
    this.#hears = name;
    const { audio } = this.#heard;
    if (Math.abs(audio.currentTime - at) > DRIFT_S) audio.currentTime = Math.min(at, this.#lengthOf(this.#heard));
    this.#silent.audio.muted = true;
    audio.muted = false;
    if (wasPlaying && audio.paused) this.play();
    this.#show();
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const key = event.key.toLowerCase();
    const isOnControl = event.target.closest?.("button, a, input");
    if (key === "a" || key === "b") this.hear(key);
    else if (key === " " && !isOnControl) this.toggle();
    else if ((key === "arrowright" || key === "arrowleft") && !isOnControl) this.seek(this.#heard.audio.currentTime + (key === "arrowright" ? STEP_S : -STEP_S));
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  #press(event, wave) {
    const box = wave.getBoundingClientRect();
    const side = this.#all.find((one) => one.wave === wave);
    this.seek(((event.clientX - box.left) / box.width) * this.#lengthOf(side));
  }

  #run() {
    cancelAnimationFrame(this.#frame);
    const step = () => {
      this.#show();
      if (this.isPlaying && this.#root.isConnected) this.#frame = requestAnimationFrame(step);
    };
    step();
  }

  #show() {
    const now = this.#heard.audio.currentTime;
    for (const side of this.#all) {
      const length = this.#lengthOf(side);
      side.wave.style.setProperty("--played", `${length ? Math.min(100, (now / length) * 100) : 0}%`);
      side.box.querySelector("[data-pair-hear]").setAttribute("aria-pressed", String(side === this.#heard));
    }
    this.#root.dataset.hears = this.#hears;
    const play = this.#root.querySelector("[data-pair-play]");
    play.disabled = this.#heard.audio.readyState < 2;
    play.setAttribute("aria-label", this.isPlaying ? play.dataset.labelPause : play.dataset.labelPlay);
    play.querySelector("[data-icon-play]").hidden = this.isPlaying;
    play.querySelector("[data-icon-pause]").hidden = !this.isPlaying;
    const seek = this.#root.querySelector("[data-pair-seek]");
    const share = this.#duration ? now / this.#duration : 0;
    seek.value = String(share);
    seek.style.setProperty("--fill", `${share * 100}%`);
    seek.setAttribute("aria-valuetext", clock(now));
    this.#root.querySelector("[data-pair-time]").textContent = `${clock(now)} / ${clock(this.#duration)}`;
  }
}

function clock(seconds) {
  return `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;
}
