/**
 * What is heard, drawn as it is heard: bars of the loudness so far, the sound that is already here, the time still to come.
 * And three figures: press to first sound, MiniMax's first byte, gaps.
 */

const BAR_PX = 3;
const GAP_PX = 2;
const BIN_S = 0.05;
const MISSED_BINS = 12; // a longer jump is a seek

export class Meter {
  #canvas;
  #playback = null;
  #bins = [];
  #latest = -1;
  #samples = new Float32Array(1024);
  #expected = 0;
  #shownSeconds = 0;
  #frame = 0;
  #tick;

  /** canvas: takes `fill` for what was heard, `stroke` for what is still to come, from its CSS. tick(seconds): every frame. */
  constructor(canvas, tick) {
    this.#canvas = canvas;
    this.#tick = tick;
    new ResizeObserver(() => this.#draw()).observe(canvas);
    new MutationObserver(() => this.#draw()).observe(document.documentElement, { attributeFilter: ["data-theme"] });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#draw());
  }

  /** expected: seconds the sound will probably last; the drawing stretches when it lasts longer. */
  follow(playback, expected) {
    this.#playback = playback;
    this.#bins = [];
    this.#latest = -1;
    this.#expected = expected;
    this.#shownSeconds = 0;
    this.#run();
  }

  expect(seconds) {
    this.#expected = seconds;
  }

  /** Draw again, e.g. after the playhead was moved while paused. */
  refresh() {
    this.#run();
  }

  leave() {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    this.#playback = null;
  }

  /** Seconds at a share (0 to 1) of the drawing. */
  secondsAt(share) {
    return share * this.#scale();
  }

  get scale() {
    return this.#scale();
  }

  #scale() {
    return Math.max(this.#expected, this.#playback?.duration ?? 0, 1.5);
  }

  #run() {
    if (this.#frame || !this.#playback) return;
    const step = () => {
      this.#frame = 0;
      if (!this.#playback) return;
      this.#listen();
      this.#draw();
      this.#tick(this.#playback.currentTime);
      if (!this.#playback.paused && !this.#playback.ended) this.#frame = requestAnimationFrame(step);
    };
    this.#frame = requestAnimationFrame(step);
  }

  #listen() {
    const { analyser, currentTime, firstSoundAt, paused } = this.#playback;
    if (!analyser || firstSoundAt === null || paused) return;
    analyser.getFloatTimeDomainData(this.#samples);
    let sum = 0;
    for (const sample of this.#samples) sum += sample * sample;
    const level = Math.sqrt(sum / this.#samples.length);
    const bin = Math.floor(currentTime / BIN_S);
    this.#bins[bin] = Math.max(this.#bins[bin] ?? 0, level);
    // A busy page draws seldom: what was not looked at is taken to be like its neighbour.
    for (let missed = this.#latest + 1; bin - this.#latest < MISSED_BINS && missed < bin; missed++) this.#bins[missed] ??= level;
    this.#latest = bin;
  }

  #draw() {
    const canvas = this.#canvas;
    const { clientWidth: width, clientHeight: height } = canvas;
    if (!width) return;
    const density = devicePixelRatio || 1;
    if (canvas.width !== Math.round(width * density) || canvas.height !== Math.round(height * density)) {
      canvas.width = Math.round(width * density);
      canvas.height = Math.round(height * density);
    }
    const paint = canvas.getContext("2d");
    paint.setTransform(density, 0, 0, density, 0, 0);
    paint.clearRect(0, 0, width, height);
    const style = getComputedStyle(canvas);
    const scale = this.#scale();
    this.#shownSeconds += (scale - this.#shownSeconds) * (this.#shownSeconds ? 0.12 : 1); // no jumps when it grows
    if (Math.abs(scale - this.#shownSeconds) < 0.02) this.#shownSeconds = scale;
    const seconds = this.#shownSeconds;
    const head = this.#playback?.currentTime ?? 0;
    const here = this.#playback?.duration ?? 0;
    const count = Math.floor((width + GAP_PX) / (BAR_PX + GAP_PX));
    const peak = Math.max(0.12, ...this.#bins.filter(Number.isFinite));
    for (let bar = 0; bar < count; bar++) {
      const from = (bar / count) * seconds;
      const until = ((bar + 1) / count) * seconds;
      const level = this.#loudest(from, until) / peak;
      const tall = level > 0 ? Math.max(3, level ** 0.8 * height) : 3;
      paint.globalAlpha = from <= head || level > 0 || from <= here ? 1 : 0.45;
      paint.fillStyle = from <= head && this.#playback ? style.fill : style.stroke;
      paint.beginPath();
      paint.roundRect(bar * (BAR_PX + GAP_PX), (height - tall) / 2, BAR_PX, tall, 1.5);
      paint.fill();
    }
  }

  #loudest(from, until) {
    let loudest = 0;
    for (let bin = Math.floor(from / BIN_S); bin <= Math.floor(until / BIN_S); bin++) loudest = Math.max(loudest, this.#bins[bin] ?? 0);
    return loudest;
  }
}
