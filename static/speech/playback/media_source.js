import { openOutput, outputLatency } from "./output.js";

export const MP3 = "audio/mpeg";
const KEPT_BEHIND_S = 20; // sound already played that stays when the browser's buffer is full
const CLOCK_MS = 5;

// Safari plays MediaSource outside of Web Audio: routed through a context it would be silent.
const isWebKit = "webkitCurrentPlaybackTargetIsWireless" in HTMLMediaElement.prototype;
const Source = () => (isWebKit ? globalThis.ManagedMediaSource : globalThis.MediaSource);

export function canStreamMp3() {
  return Boolean(Source()?.isTypeSupported(MP3));
}

/**
 * Plays an mp3 while it arrives.
 *
 * The same interface as PcmPlayback: start(audio), push(bytes), end(), stop(), pause(), resume(), seek(seconds); currentTime,
 * duration (known so far), paused, ended, analyser (may be null), underruns, firstSoundAt (performance.now());
 * isExpecting() → whether silence now means that sound is late. Events: firstsound, underrun, blocked, ended, change, fault.
 */
export class MediaSourcePlayback extends EventTarget {
  analyser = null;
  underruns = 0;
  firstSoundAt = null;
  ended = false;
  isExpecting = () => true;

  #element = new Audio();
  #source = new (Source())();
  #buffer = null;
  #context = null;
  #node = null;
  #queue = [];
  #isComplete = false;
  #isFull = false;
  #isStopped = false;
  #isBlocked = false;
  #clock = 0;
  #url = "";

  /** Call it from a press: the element asks to play before there is any sound, while the browser still allows it. */
  constructor() {
    super();
    const element = this.#element;
    element.disableRemotePlayback = true; // ManagedMediaSource opens only so
    element.preload = "auto";
    this.#source.addEventListener("sourceopen", () => this.#opened(), { once: true });
    if (isWebKit) {
      element.srcObject = this.#source;
    } else {
      this.#context = openOutput();
      this.analyser = new AnalyserNode(this.#context, { fftSize: 1024, smoothingTimeConstant: 0 });
      this.#node = new MediaElementAudioSourceNode(this.#context, { mediaElement: element });
      this.#node.connect(this.analyser).connect(this.#context.destination);
      this.#url = URL.createObjectURL(this.#source);
      element.src = this.#url;
    }
    for (const name of ["play", "pause", "seeked"]) element.addEventListener(name, () => this.#tell("change"));
    element.addEventListener("waiting", () => this.#starved());
    element.addEventListener("timeupdate", () => this.#isFull && this.#pump());
    element.addEventListener("ended", () => this.#finished());
    element.addEventListener("error", () => this.#isStopped || this.#tell("fault"));
    this.resume();
    this.#clock = setInterval(() => this.#lookAtClock(), CLOCK_MS);
  }

  get currentTime() {
    return Math.max(0, this.#element.currentTime - (this.#context ? outputLatency(this.#context) : 0));
  }

  get duration() {
    if (this.#isStopped) return 0;
    const { buffered } = this.#element;
    return buffered.length ? buffered.end(buffered.length - 1) : 0;
  }

  get paused() {
    return this.#element.paused || this.#isBlocked;
  }

  start() {}

  push(bytes) {
    this.#queue.push(bytes);
    this.#pump();
  }

  end() {
    this.#isComplete = true;
    this.#pump();
  }

  stop() {
    this.#isStopped = true;
    clearInterval(this.#clock);
    this.#queue = [];
    this.#element.pause();
    this.#node?.disconnect();
    this.#element.removeAttribute("src");
    this.#element.srcObject = null;
    this.#element.load();
    if (this.#url) URL.revokeObjectURL(this.#url);
    this.#tell("change");
  }

  pause() {
    this.#element.pause();
  }

  async resume() {
    if (this.#context) openOutput();
    this.ended = false;
    try {
      const playing = this.#element.play();
      // Without a press the element may be let through while the context stays shut: that is silence too.
      const isShut = this.#context && this.#context.state === "suspended" && !navigator.userActivation?.isActive;
      if (isShut) this.#block();
      await playing;
      if (!isShut || this.#context.state === "running") this.#isBlocked = false;
    } catch (error) {
      if (error.name === "NotAllowedError") this.#block();
    }
  }

  /** False when that moment is no longer, or not yet, in the browser's buffer. */
  seek(seconds) {
    const { buffered } = this.#element;
    for (let range = 0; range < buffered.length; range++) {
      if (seconds >= buffered.start(range) - 0.05 && seconds <= buffered.end(range)) {
        this.#element.currentTime = Math.max(seconds, buffered.start(range));
        return true;
      }
    }
    return false;
  }

  #block() {
    this.#element.pause();
    this.#isBlocked = true;
    this.#tell("blocked");
  }

  #opened() {
    if (this.#isStopped) return;
    this.#buffer = this.#source.addSourceBuffer(MP3);
    this.#buffer.mode = "sequence"; // one sentence after another, whatever their own clocks say
    this.#buffer.addEventListener("updateend", () => this.#pump());
    this.#pump();
  }

  #pump() {
    const buffer = this.#buffer;
    if (!buffer || buffer.updating || this.#isStopped || this.#source.readyState === "closed") return;
    if (this.#queue.length) {
      const bytes = join(this.#queue);
      this.#queue = [bytes];
      try {
        buffer.appendBuffer(bytes);
        this.#queue = [];
        this.#isFull = false;
      } catch (error) {
        if (error.name !== "QuotaExceededError") throw error;
        this.#makeRoom();
      }
    } else if (this.#isComplete && this.#source.readyState === "open") {
      this.#source.endOfStream();
    }
  }

  #makeRoom() {
    this.#isFull = true;
    const { buffered, currentTime } = this.#element;
    const until = currentTime - KEPT_BEHIND_S;
    if (buffered.length && until > buffered.start(0)) this.#buffer.remove(buffered.start(0), until);
  }

  #starved() {
    const isLate = this.firstSoundAt !== null && !this.#element.seeking && !this.#isComplete && !this.#isStopped;
    if (!isLate || !this.isExpecting()) return;
    this.underruns += 1;
    this.#tell("underrun");
  }

  #finished() {
    this.ended = true;
    this.#tell("ended");
  }

  #lookAtClock() {
    const played = this.#element.currentTime;
    if (played <= 0 || this.#isBlocked) return;
    clearInterval(this.#clock);
    this.firstSoundAt = performance.now() - played * 1000 + (this.#context ? outputLatency(this.#context) * 1000 : 0);
    this.#tell("firstsound");
  }

  #tell(name) {
    this.dispatchEvent(new Event(name));
  }
}

function join(parts) {
  if (parts.length === 1) return parts[0];
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let place = 0;
  for (const part of parts) {
    whole.set(part, place);
    place += part.length;
  }
  return whole;
}
