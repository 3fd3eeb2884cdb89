/** One voice into one file: a meter that moves, a length that counts, and a stop that hands the recording over. */

const TYPES = ["audio/webm;codecs=opus", "audio/mp4", "audio/ogg;codecs=opus"];
const BARS = 56;
const STEP_MS = 60;

export class Recorder {
  #box;
  #most;
  #done;
  #stream = null;
  #media = null;
  #context = null;
  #began = 0;
  #timer = 0;
  #levels = [];

  /** done(blob, name) gets what was recorded. The longest recording, in seconds, stands in the box. */
  constructor(box, done) {
    this.#box = box;
    this.#done = done;
    this.#most = Number(box.dataset.most);
    const meter = box.querySelector("[data-level]");
    for (let bar = 0; bar < BARS; bar += 1) meter.append(document.createElement("i"));
    box.querySelector("[data-record]").addEventListener("click", () => (this.#media ? this.stop() : this.start()));
    addEventListener("pagehide", () => this.#release());
  }

  get isOn() { return Boolean(this.#media); }

  async start() {
    this.#say("");
    this.#box.dataset.state = "asking";
    try {
      // As it is in the room: what a browser does for calls would be cloned along.
      const audio = { echoCancellation: false, noiseSuppression: false, autoGainControl: false, channelCount: 1 };
      this.#stream = await navigator.mediaDevices.getUserMedia({ audio });
    } catch (error) {
      this.#box.dataset.state = "";
      const { denied, none } = this.#box.dataset;
      return this.#say(error.name === "NotAllowedError" || !navigator.mediaDevices ? denied : none);
    }
    const type = TYPES.find((known) => MediaRecorder.isTypeSupported(known));
    const pieces = [];
    this.#media = new MediaRecorder(this.#stream, { ...(type && { mimeType: type }), audioBitsPerSecond: 192_000 });
    this.#media.addEventListener("dataavailable", ({ data }) => data.size && pieces.push(data));
    this.#media.addEventListener("stop", () => {
      const { mimeType } = this.#media;
      this.#release();
      this.#done(new Blob(pieces, { type: mimeType }), `recording.${mimeType.includes("mp4") ? "m4a" : mimeType.includes("ogg") ? "ogg" : "webm"}`);
    });
    this.#media.start(1000);
    this.#began = performance.now();
    this.#levels = [];
    this.#listen();
    this.#show("recording");
    this.#tick();
    this.#timer = setInterval(() => this.#tick(), STEP_MS);
  }

  stop() {
    if (this.#media?.state === "recording") this.#media.stop();
  }

  #listen() {
    this.#context = new AudioContext();
    const meter = this.#context.createAnalyser();
    meter.fftSize = 2048;
    this.#context.createMediaStreamSource(this.#stream).connect(meter);
    const samples = new Float32Array(meter.fftSize);
    this.level = () => {
      meter.getFloatTimeDomainData(samples);
      const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
      return { peak: samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0), decibels: 10 * Math.log10(power + 1e-9) };
    };
  }

  #tick() {
    const seconds = (performance.now() - this.#began) / 1000;
    const { peak, decibels } = this.level();
    this.#levels = [Math.min(1, Math.max(0.04, (decibels + 60) / 55)), ...this.#levels].slice(0, BARS);
    [...this.#box.querySelector("[data-level]").children].reverse().forEach((bar, place) => {
      bar.style.transform = `scaleY(${this.#levels[place] ?? 0.04})`;
    });
    this.#box.toggleAttribute("data-too-loud", peak >= 0.98);
    this.#box.querySelector("[data-length]").textContent = clock(seconds);
    this.#box.querySelector("[data-length-bar]").value = seconds;
    this.#box.toggleAttribute("data-long-enough", seconds >= Number(this.#box.dataset.least));
    if (seconds >= this.#most) this.stop();
  }

  #show(state) {
    this.#box.dataset.state = state;
    const button = this.#box.querySelector("[data-record]");
    button.querySelector("[data-record-word]").textContent = state === "recording" ? button.dataset.stop : button.dataset.again;
  }

  #release() {
    clearInterval(this.#timer);
    for (const track of this.#stream?.getTracks() ?? []) track.stop();
    this.#context?.close();
    this.#stream = this.#media = this.#context = null;
    this.#show("");
  }

  #say(sentence) {
    const place = this.#box.querySelector("[data-recorder-says]");
    place.hidden = !sentence;
    place.querySelector("span").textContent = sentence;
  }
}

export function clock(seconds) {
  return `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;
}
