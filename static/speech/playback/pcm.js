import { heardAt, openOutput, outputLatency } from "./output.js";

const CUSHION_S = 0.06; // sound in hand before the first sample is let out, and again after an underrun
const AHEAD_S = 4; // scheduled ahead of the playhead: timers of hidden pages are slow
const TICK_MS = 120;
const CLOCK_MS = 5;

/**
 * Plays raw signed 16-bit little-endian samples while they arrive, sample after sample on the audio clock.
 * The same interface as MediaSourcePlayback; also for browsers that cannot stream mp3.
 */
export class PcmPlayback extends EventTarget {
  analyser = null;
  underruns = 0;
  firstSoundAt = null;
  ended = false;
  isExpecting = () => true;

  #context = null;
  #rate = 0;
  #channels = 1;
  #rest = new Uint8Array(0); // bytes of a frame that was cut between two messages
  #pieces = []; // {from: first frame's number, samples: Int16Array interleaved}
  #frames = 0; // that have arrived
  #next = 0; // first frame that is not scheduled yet
  #anchor = null; // {at: context time, frame}: where the playhead stands on the audio clock
  #nodes = new Set();
  #gain = null;
  #isComplete = false;
  #isStopped = false;
  #isPaused = false;
  #isLate = false; // ran dry; waits for the cushion
  #tick = 0;
  #clock = 0;
  #held = 0; // frame to go on from when there is no anchor

  /** Call it from a press, with the rate that will be asked for. */
  constructor({ sampleRate }) {
    super();
    openOutput(sampleRate);
  }

  get currentTime() {
    return this.#rate ? this.#frameNow() / this.#rate : 0;
  }

  get duration() {
    return this.#rate ? this.#frames / this.#rate : 0;
  }

  get paused() {
    return this.#isPaused || this.#context?.state !== "running";
  }

  start({ sample_rate, channel }) {
    if (this.#context) return;
    this.#rate = sample_rate;
    this.#channels = channel;
    this.#context = openOutput(sample_rate); // at the sound's own rate, so that pieces join without a seam
    this.analyser = new AnalyserNode(this.#context, { fftSize: 1024, smoothingTimeConstant: 0 });
    this.#gain = new GainNode(this.#context);
    this.#gain.connect(this.analyser).connect(this.#context.destination);
    this.#tick = setInterval(() => this.#schedule(), TICK_MS);
    this.#clock = setInterval(() => this.#lookAtClock(), CLOCK_MS);
    setTimeout(() => this.#context.state !== "running" && !this.#isStopped && this.#tell("blocked"), 150);
  }

  push(bytes) {
    const whole = new Uint8Array(this.#rest.length + bytes.length);
    whole.set(this.#rest);
    whole.set(bytes, this.#rest.length);
    const frameBytes = 2 * this.#channels;
    const usable = whole.length - (whole.length % frameBytes);
    this.#rest = whole.slice(usable);
    if (!usable) return;
    this.#pieces.push({ from: this.#frames, samples: new Int16Array(whole.buffer, 0, usable / 2) });
    this.#frames += usable / frameBytes;
    this.#schedule();
  }

  end() {
    this.#isComplete = true;
    this.#schedule();
  }

  stop() {
    this.#isStopped = true;
    this.#halt();
    clearInterval(this.#tick);
    clearInterval(this.#clock);
    this.#gain?.disconnect();
    this.#tell("change");
  }

  pause() {
    if (this.#isPaused || !this.#context) return;
    this.#isPaused = true;
    this.#held = this.#frameNow();
    this.#halt();
    this.#tell("change");
  }

  resume() {
    if (!this.#context) return;
    openOutput(this.#rate);
    this.#isPaused = false;
    if (this.ended) this.#held = 0;
    this.ended = false;
    this.#context.resume().then(
      () => this.#schedule(),
      () => this.#tell("blocked"),
    );
    this.#schedule();
    this.#tell("change");
  }

  seek(seconds) {
    const frame = Math.round(seconds * this.#rate);
    if (frame < 0 || frame > this.#frames) return false;
    this.#halt();
    this.#held = frame;
    this.ended = false;
    this.#schedule();
    this.#tell("change");
    return true;
  }

  #frameNow() {
    if (!this.#anchor) return this.#held;
    const heard = this.#context.currentTime - outputLatency(this.#context) - this.#anchor.at;
    return Math.min(this.#next, Math.max(this.#anchor.frame, this.#anchor.frame + heard * this.#rate));
  }

  #halt() {
    for (const node of this.#nodes) {
      node.onended = null;
      node.stop();
    }
    this.#nodes.clear();
    this.#anchor = null;
  }

  #schedule() {
    const context = this.#context;
    if (!context || this.#isStopped || this.#isPaused || this.ended || context.state !== "running") return;
    if (this.#anchor) this.#noticeTheEnd();
    if (this.ended) return;
    if (!this.#anchor) {
      const inHand = (this.#frames - this.#held) / this.#rate;
      if (inHand <= 0 || (inHand < CUSHION_S && !this.#isComplete)) return;
      this.#isLate = false;
      this.#next = this.#held;
      this.#anchor = { at: context.currentTime + 0.008, frame: this.#held };
    }
    const until = this.#anchor.frame + (context.currentTime - this.#anchor.at + AHEAD_S) * this.#rate;
    while (this.#next < this.#frames && this.#next < until) this.#play(this.#pieceAt(this.#next));
  }

  #noticeTheEnd() {
    const playedUntil = this.#anchor.at + (this.#next - this.#anchor.frame) / this.#rate;
    if (this.#next < this.#frames) {
      if (playedUntil > this.#context.currentTime) return;
      this.#dry(); // more is there, but it came after its moment
    } else if (this.#isComplete) {
      if (playedUntil + outputLatency(this.#context) > this.#context.currentTime) return;
      this.#held = this.#next;
      this.#halt();
      this.ended = true;
      this.#tell("ended");
    } else if (playedUntil <= this.#context.currentTime) {
      this.#dry();
    }
  }

  #dry() {
    this.#held = this.#next;
    this.#halt();
    if (this.#isLate || !this.isExpecting()) return;
    this.#isLate = true;
    this.underruns += 1;
    this.#tell("underrun");
  }

  #pieceAt(frame) {
    let low = 0;
    let high = this.#pieces.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#pieces[middle].from <= frame) low = middle;
      else high = middle - 1;
    }
    return this.#pieces[low];
  }

  #play({ from, samples }) {
    const skip = this.#next - from;
    const count = samples.length / this.#channels - skip;
    const buffer = this.#context.createBuffer(this.#channels, count, this.#rate);
    for (let channel = 0; channel < this.#channels; channel++) {
      const data = buffer.getChannelData(channel);
      for (let frame = 0, place = skip * this.#channels + channel; frame < count; frame++, place += this.#channels) {
        data[frame] = samples[place] / 32768;
      }
    }
    const node = new AudioBufferSourceNode(this.#context, { buffer });
    node.connect(this.#gain);
    node.start(this.#anchor.at + (this.#next - this.#anchor.frame) / this.#rate);
    node.onended = () => {
      this.#nodes.delete(node);
      this.#schedule();
    };
    this.#nodes.add(node);
    this.#next += count;
  }

  #lookAtClock() {
    const context = this.#context;
    if (!this.#anchor || context.currentTime < this.#anchor.at) return;
    clearInterval(this.#clock);
    this.firstSoundAt = heardAt(context, this.#anchor.at);
    this.#tell("firstsound");
  }

  #tell(name) {
    this.dispatchEvent(new Event(name));
  }
}
