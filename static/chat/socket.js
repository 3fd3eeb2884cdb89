/**
 * The chat socket: one per page, opened early so that sending costs one hop.
 *
 * It survives drops: what was asked but not yet answered is asked again under the same click (the server knows the click, so nothing
 * is paid twice), and every reply that is still being written is followed again; it then comes anew from its beginning.
 *
 * Events: `message` {…the server's JSON}, `frame` {…one change of a reply}, `state` {state: "open" | "waiting" | "refused"}.
 */
const WAITS_MS = [200, 500, 1000, 2000, 4000, 8000];
const NO_ENTRY = new Set([4401, 4403, 4404]);

export class ChatSocket extends EventTarget {
  #url;
  #socket = null;
  #drops = 0;
  #timer = 0;
  #clicks = new Map(); // click → message without an answer yet
  #replies = new Set(); // being written
  #conversation = "";
  state = "connecting";

  constructor(path) {
    super();
    this.#url = new URL(path, location.href);
    this.#url.protocol = this.#url.protocol.replace("http", "ws");
    for (const name of ["online", "pageshow"]) addEventListener(name, () => this.#hurry());
    document.addEventListener("visibilitychange", () => document.hidden || this.#hurry());
    this.#open();
  }

  #open() {
    clearTimeout(this.#timer);
    const socket = new WebSocket(this.#url);
    this.#socket = socket;
    socket.onopen = () => {
      this.#drops = 0;
      this.#setState("open");
      if (this.#conversation) this.#send({ type: "show", conversation: this.#conversation });
      for (const message of this.#replies) this.#send({ type: "watch", message });
      for (const message of this.#clicks.values()) this.#send(message);
    };
    socket.onmessage = ({ data }) => { for (const line of data.split("\n")) this.#received(JSON.parse(line)); };
    socket.onclose = ({ code }) => socket === this.#socket && this.#closed(code);
  }

  /** Ask for a reply. Asked again after a drop until the server has answered this click. */
  ask(message) {
    this.#clicks.set(message.click, message);
    this.#send(message);
  }

  show(conversation) {
    this.#conversation = conversation;
    this.#send({ type: "show", conversation });
  }

  /** Follow a reply that is being written. */
  watch(message) {
    if (this.#replies.has(message)) return;
    this.#replies.add(message);
    this.#send({ type: "watch", message });
  }

  /** Say something that needs no answer of its own: what comes of it is told to every page. */
  tell(message) {
    this.#send(message);
  }

  stop() {
    for (const message of this.#replies) this.#send({ type: "stop", message });
  }

  get isBusy() {
    return this.#replies.size > 0 || this.#clicks.size > 0;
  }

  #send(message) {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
  }

  #received(message) {
    if (message.k) {
      if (message.k === "end") this.#replies.delete(message.m);
      this.#emit("frame", message);
      return;
    }
    if (message.type === "started") {
      this.#clicks.delete(message.click);
      this.#conversation = message.conversation;
      for (const reply of message.replies) this.#replies.add(reply);
    } else if (message.type === "refused") {
      this.#clicks.delete(message.click);
    }
    this.#emit("message", message);
  }

  #closed(code) {
    if (NO_ENTRY.has(code)) return this.#setState("refused");
    this.#setState("waiting");
    const wait = WAITS_MS[Math.min(this.#drops++, WAITS_MS.length - 1)];
    this.#timer = setTimeout(() => this.#open(), wait * (0.75 + Math.random() / 2));
  }

  #hurry() {
    if (this.state === "waiting") this.#open();
  }

  #setState(state) {
    this.state = state;
    this.#emit("state", { state });
  }

  #emit(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}
