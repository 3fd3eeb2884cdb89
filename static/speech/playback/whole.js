import { openOutput } from "./output.js";

/**
 * For the one case that can neither stream mp3 nor be sent samples (voice effects, in a browser without MediaSource): collects
 * the sound and plays it when it is complete. The same interface as MediaSourcePlayback.
 */
export class WholePlayback extends EventTarget {
  analyser = null;
  underruns = 0;
  firstSoundAt = null;
  isExpecting = () => true;

  #parts = [];
  #buffer = null;
  #node = null;
  #startedAt = 0; // context time at which second 0 would have played
  #held = 0;
  #isStopped = false;
  #context = openOutput();

  constructor() {
    super();
    this.analyser = new AnalyserNode(this.#context, { fftSize: 1024, smoothingTimeConstant: 0 });
    this.analyser.connect(this.#context.destination);
  }

  get currentTime() {
    return this.#node ? Math.min(this.duration, Math.max(0, this.#context.currentTime - this.#startedAt)) : this.#held;
  }

  get duration() {
    return this.#buffer?.duration ?? 0;
  }

  get paused() {
    return !this.#node;
  }

  get ended() {
    return Boolean(this.#buffer) && !this.#node && this.#held >= this.duration;
  }

  start() {}

  push(bytes) {
    this.#parts.push(bytes);
  }

  async end() {
    if (this.#buffer || !this.#parts.length) return;
    this.#buffer = await this.#context.decodeAudioData(await new Blob(this.#parts).arrayBuffer());
    if (!this.#isStopped) this.resume();
  }

  stop() {
    this.#isStopped = true;
    this.pause();
    this.analyser.disconnect();
  }

  pause() {
    this.#held = this.currentTime;
    if (this.#node) this.#node.onended = null;
    this.#node?.stop();
    this.#node = null;
    this.#tell("change");
  }

  resume() {
    if (!this.#buffer || this.#node) return;
    openOutput();
    if (this.#context.state === "suspended" && !navigator.userActivation?.isActive) return this.#tell("blocked");
    if (this.#held >= this.duration) this.#held = 0;
    this.#node = new AudioBufferSourceNode(this.#context, { buffer: this.#buffer });
    this.#node.connect(this.analyser);
    this.#startedAt = this.#context.currentTime - this.#held;
    this.#node.start(0, this.#held);
    this.#node.onended = () => {
      this.#held = this.duration;
      this.#node = null;
      this.#tell("ended");
    };
    if (this.firstSoundAt === null) {
      this.firstSoundAt = performance.now() + (this.#context.outputLatency || 0) * 1000;
      this.#tell("firstsound");
    }
    this.#tell("change");
  }

  seek(seconds) {
    if (!this.#buffer || seconds > this.duration) return false;
    const wasPlaying = Boolean(this.#node);
    this.pause();
    this.#held = seconds;
    if (wasPlaying) this.resume();
    return true;
  }

  #tell(name) {
    this.dispatchEvent(new Event(name));
  }
}
