// <studio-player>: an <audio controls> with its waveform becomes a player. Everything it says comes from the template.
// Methods: play(), pause(), toggle(), seek(seconds). Properties: currentTime, duration, paused, playbackRate.
// Events on the element, bubbling: play, pause, timeupdate, ended.
const STEP_S = 5;
const LEAP_S = 15;

class StudioPlayer extends HTMLElement {
  connectedCallback() {
    if (this.audio) return;
    this.audio = this.querySelector("audio");
    this.button = this.querySelector(".player__play");
    this.wave = this.querySelector(".wave");
    this.now = this.querySelector("[data-now]");
    this.total = this.querySelector("[data-total]");
    this.speed = this.querySelector(".player__speed");
    if (!this.audio || !this.button || !this.wave) return;
    this.audio.controls = false;
    this.wave.setAttribute("role", "slider");
    this.wave.setAttribute("aria-label", this.wave.dataset.label);
    this.wave.setAttribute("aria-valuemin", "0");
    this.wave.tabIndex = 0;
    this.drawPlayed();
    this.button.addEventListener("click", () => this.toggle());
    this.wave.addEventListener("keydown", (event) => this.onKey(event));
    this.wave.addEventListener("pointerdown", (event) => this.onPress(event));
    this.speed?.addEventListener("change", () => { this.playbackRate = Number(this.speed.value); });
    this.button.addEventListener("keydown", (event) => {
      if (event.key.startsWith("Arrow")) this.onKey(event);
    });
    for (const name of ["play", "pause", "timeupdate", "ended"]) {
      this.audio.addEventListener(name, () => {
        this.show();
        this.dispatchEvent(new Event(name, { bubbles: true }));
      });
    }
    this.audio.addEventListener("play", () => { this.pauseOthers(); this.follow(); });
    this.audio.addEventListener("seeked", () => this.show());
    this.audio.addEventListener("loadedmetadata", () => this.show());
    this.audio.addEventListener("error", () => this.fail());
    this.showCaptions();
    this.show();
  }

  disconnectedCallback() {
    // A moved element is connected again within the same task.
    queueMicrotask(() => { if (!this.isConnected) this.audio?.pause(); });
  }

  get currentTime() { return this.audio.currentTime; }
  set currentTime(seconds) { this.seek(seconds); }
  get paused() { return this.audio.paused; }
  get playbackRate() { return this.audio.playbackRate; }
  set playbackRate(rate) {
    this.audio.playbackRate = rate;
    if (this.speed) this.speed.value = String(rate);
  }
  get duration() {
    // Measured by the server over the whole file; the browser's own figure is an estimate for some formats.
    const known = Number(this.dataset.duration);
    return known > 0 ? known : Number.isFinite(this.audio.duration) ? this.audio.duration : 0;
  }

  async play() {
    if (this.audio.ended || (this.duration && this.currentTime >= this.duration - 0.02)) this.seek(0);
    try {
      await this.audio.play();
    } catch (error) {
      if (error.name === "NotSupportedError") this.fail();
      else if (error.name !== "AbortError" && error.name !== "NotAllowedError") throw error;
    }
  }

  pause() { this.audio.pause(); }
  toggle() { return this.audio.paused ? this.play() : this.pause(); }

  seek(seconds) {
    const end = this.duration || Infinity;
    this.audio.currentTime = Math.min(Math.max(0, seconds), end);
    this.show();
  }

  pauseOthers() {
    for (const other of document.querySelectorAll("studio-player")) {
      if (other !== this && other.audio && !other.audio.paused) other.pause();
    }
  }

  follow() {
    const frame = () => {
      if (this.audio.paused || !this.isConnected) return;
      this.show();
      requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  }

  drawPlayed() {
    this.wave.querySelectorAll(".wave__played, .wave__head").forEach((old) => old.remove());
    const played = this.wave.querySelector("svg")?.cloneNode(true);
    if (!played) return;
    played.classList.add("wave__played");
    const head = document.createElement("span");
    head.className = "wave__head";
    this.wave.append(played, head);
  }

  // A sound has no picture to write on: the cue that is being spoken stands below the waveform.
  showCaptions() {
    const line = this.querySelector("[data-caption]");
    const track = this.audio.textTracks[0];
    if (!line || !track) return;
    track.mode = "hidden";
    track.addEventListener("cuechange", () => {
      line.textContent = [...track.activeCues].map((cue) => cue.text.replace(/<[^>]*>/g, "")).join("\n");
    });
  }

  show() {
    const { duration } = this;
    const at = Math.min(this.audio.currentTime, duration || Infinity);
    const share = duration ? at / duration : 0;
    this.wave.style.setProperty("--played", `${(share * 100).toFixed(3)}%`);
    this.toggleAttribute("data-started", at > 0);
    const isPlaying = !this.audio.paused && !this.audio.ended;
    if (this.wasPlaying !== isPlaying) {
      this.wasPlaying = isPlaying;
      this.toggleAttribute("data-playing", isPlaying);
      this.button.setAttribute("aria-label", isPlaying ? this.button.dataset.labelPause : this.button.dataset.labelPlay);
      this.button.querySelector('[data-icon="play"]').hidden = isPlaying;
      this.button.querySelector('[data-icon="pause"]').hidden = !isPlaying;
    }
    const now = clock(at);
    const total = clock(duration);
    if (this.shown === now + total) return;
    this.shown = now + total;
    if (this.now) this.now.textContent = at > 0 ? now : "";
    if (this.total && (at > 0 || !this.total.textContent)) this.total.textContent = duration ? total : "";
    this.wave.setAttribute("aria-valuemax", String(Math.round(duration)));
    this.wave.setAttribute("aria-valuenow", String(Math.round(at)));
    this.wave.setAttribute("aria-valuetext", this.wave.dataset.text.replace("{now}", now).replace("{total}", total));
  }

  onKey(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const forward = getComputedStyle(this).direction === "rtl" ? "ArrowLeft" : "ArrowRight";
    const back = forward === "ArrowRight" ? "ArrowLeft" : "ArrowRight";
    const moves = {
      [forward]: STEP_S, ArrowUp: STEP_S, [back]: -STEP_S, ArrowDown: -STEP_S, PageUp: LEAP_S, PageDown: -LEAP_S,
      Home: -Infinity, End: Infinity,
    };
    if (event.key === " " || event.key === "Enter" || event.key === "k") this.toggle();
    else if (event.key in moves) this.seek(event.key === "End" ? this.duration : Math.max(0, this.currentTime + moves[event.key]));
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  onPress(event) {
    if (event.button !== 0 || !this.duration) return;
    const place = ({ clientX }) => {
      const box = this.wave.getBoundingClientRect();
      let share = (clientX - box.left) / box.width;
      if (getComputedStyle(this).direction === "rtl") share = 1 - share;
      this.seek(Math.min(Math.max(share, 0), 1) * this.duration);
    };
    this.wave.setPointerCapture(event.pointerId);
    place(event);
    this.wave.addEventListener("pointermove", place);
    const done = () => this.wave.removeEventListener("pointermove", place);
    this.wave.addEventListener("pointerup", done, { once: true });
    this.wave.addEventListener("pointercancel", done, { once: true });
  }

  fail() {
    const fault = this.querySelector(".player__fault");
    if (fault) fault.hidden = false;
    this.show();
  }

  /** Take the waveform and the length of a newer drawing of the same file, without stopping the sound. */
  adopt(newer) {
    const svg = newer.querySelector(".wave svg");
    if (svg) this.wave.replaceChildren(document.importNode(svg, true));
    this.dataset.duration = newer.dataset.duration ?? "";
    this.toggleAttribute("data-measured", newer.hasAttribute("data-measured"));
    this.total.textContent = newer.querySelector("[data-total]")?.textContent ?? "";
    this.drawPlayed();
    this.shown = "";
    this.show();
  }
}

function clock(seconds) {
  const whole = Math.floor(seconds);
  const rest = String(whole % 60).padStart(2, "0");
  return whole >= 3600 ? `${Math.floor(whole / 3600)}:${String(Math.floor(whole / 60) % 60).padStart(2, "0")}:${rest}` : `${Math.floor(whole / 60)}:${rest}`;
}

// A card is pushed again once its file is measured. Where it is being listened to, only what is new is taken over.
document.addEventListener("htmx:oobBeforeSwap", (event) => keepListening(event, event.detail.target, event.detail.fragment));
document.addEventListener("htmx:beforeSwap", (event) => {
  const { target, serverResponse } = event.detail;
  if (!target?.matches?.("[data-asset]")) return;
  const holder = document.createElement("template");
  holder.innerHTML = serverResponse;
  keepListening(event, target, holder.content);
});

function keepListening(event, target, fragment) {
  const player = target.matches?.("studio-player") ? target : target.matches?.("[data-asset]") ? target.querySelector("studio-player") : null;
  if (!player?.audio || player.audio.currentTime === 0) return;
  const newer = fragment.querySelector("studio-player");
  if (!newer || newer.dataset.src !== player.dataset.src) return;
  event.detail.shouldSwap = false;
  player.adopt(newer);
  for (const part of target.querySelectorAll("[data-part]")) {
    const fresh = fragment.querySelector(`[data-part="${part.dataset.part}"]`);
    if (fresh) part.replaceWith(document.importNode(fresh, true));
  }
  if (newer.hasAttribute("data-measured") && target.hasAttribute("hx-get")) {
    target.removeAttribute("hx-get"); // no more asking
    target.removeAttribute("hx-trigger");
    window.htmx?.process(target);
  }
}

customElements.define("studio-player", StudioPlayer);
