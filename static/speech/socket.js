/**
 * The live speech socket: one per page, opened early so that a press costs one hop.
 *
 * It survives drops: what was asked for but not yet answered is asked again under the same click (the server knows the click, so
 * nothing is made twice), and every take that is still arriving is continued from the first byte we do not have.
 *
 * Events: `state` {state: "connecting" | "open" | "waiting" | "refused"}, `message` {…the server's JSON}, `audio` {take, bytes}.
 */

const WAITS_MS = [200, 500, 1000, 2000, 4000, 8000];
const SILENCE_MS = 20_000; // a take is arriving and nothing was heard for so long: the connection is a ghost
const NO_ENTRY = new Set([4401, 4403, 4404]); // signed out, not allowed, not there

export class SpeechSocket extends EventTarget {
  #url;
  #socket = null;
  #state = "connecting";
  #drops = 0;
  #timer = 0;
  #watchdog = 0;
  #clicks = new Map(); // click → message that has had no answer yet
  #runs = new Map(); // take → {next: place of the next byte on the wire, received: bytes we have}
  #outbox = []; // things said while the line was down

  constructor(path) {
    super();
    this.#url = new URL(path, location.href);
    this.#url.protocol = this.#url.protocol.replace("http", "ws");
    addEventListener("online", () => this.#hurry());
    addEventListener("pageshow", () => this.#hurry());
    document.addEventListener("visibilitychange", () => document.hidden || this.#hurry());
  }

  get state() {
    return this.#state;
  }

  open() {
    clearTimeout(this.#timer);
    this.#setState("connecting");
    const socket = new WebSocket(this.#url);
    socket.binaryType = "arraybuffer";
    socket.onopen = () => this.#opened(socket);
    socket.onmessage = ({ data }) => this.#received(data);
    socket.onclose = ({ code }) => socket === this.#socket && this.#closed(code);
    this.#socket = socket;
  }

  /** Ask for a take (`speak` or `type_start`). Asked again after a drop until the server has answered this click. */
  ask(message) {
    this.#clicks.set(message.click, message);
    this.#send(message);
  }

  /** Send anything about a running take, now or as soon as the line is back. */
  tell(message) {
    if (!this.#send(message)) this.#outbox.push(message);
  }

  /** Follow a take from byte `from`, e.g. after a reload. */
  attach(take, from = 0) {
    this.#runs.set(take, { next: from, received: from });
    this.#send({ type: "attach", take, from });
    this.#watch();
  }

  /** Stop listening to a take; its synthesis goes on. */
  forget(take) {
    this.#runs.delete(take);
  }

  get isBusy() {
    return this.#runs.size > 0 || this.#clicks.size > 0;
  }

  #send(message) {
    if (this.#socket?.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(JSON.stringify(message));
    return true;
  }

  #opened(socket) {
    if (socket !== this.#socket) return;
    this.#drops = 0;
    this.#setState("open");
    for (const [take, run] of this.#runs) this.#send({ type: "attach", take, from: run.received });
    for (const message of this.#clicks.values()) this.#send(message);
    for (const message of this.#outbox.splice(0)) this.#send(message);
    this.#watch();
  }

  #received(data) {
    this.#watch();
    if (data instanceof ArrayBuffer) return this.#receivedAudio(data);
    const message = JSON.parse(data);
    if (message.type === "started") {
      this.#clicks.delete(message.click);
      const received = this.#runs.get(message.take)?.received ?? message.from;
      this.#runs.set(message.take, { next: message.from, received });
    } else if (message.type === "refused") {
      this.#clicks.delete(message.click);
    } else if (message.type === "finished" || message.type === "failed") {
      this.#runs.delete(message.take);
    }
    this.#emit("message", message);
  }

  #receivedAudio(frame) {
    const take = readUuid(new DataView(frame));
    const run = this.#runs.get(take);
    if (!run) return;
    const known = Math.max(0, run.received - run.next); // sent again after a drop
    const bytes = new Uint8Array(frame, 16);
    run.next += bytes.length;
    if (known >= bytes.length) return;
    run.received = run.next;
    this.#emit("audio", { take, bytes: known ? bytes.subarray(known) : bytes });
  }

  #closed(code) {
    clearTimeout(this.#watchdog);
    if (NO_ENTRY.has(code)) return this.#setState("refused");
    this.#setState("waiting");
    const wait = WAITS_MS[Math.min(this.#drops++, WAITS_MS.length - 1)];
    this.#timer = setTimeout(() => this.open(), wait * (0.75 + Math.random() / 2));
  }

  #hurry() {
    if (this.#state === "waiting") this.open();
  }

  #watch() {
    clearTimeout(this.#watchdog);
    if (!this.#runs.size) return;
    this.#watchdog = setTimeout(() => {
      const ghost = this.#socket;
      this.#socket = null;
      ghost?.close();
      this.open();
    }, SILENCE_MS);
  }

  #setState(state) {
    if (state === this.#state && state !== "open") return;
    this.#state = state;
    this.#emit("state", { state });
  }

  #emit(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}

function readUuid(view) {
  let hex = "";
  for (let place = 0; place < 16; place++) hex += view.getUint8(place).toString(16).padStart(2, "0");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}
