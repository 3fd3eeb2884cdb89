/** A part of the form that takes sound: recorded or brought, checked by the studio, trimmed and mended there. */

import { Recorder } from "./recorder.js";

export class SamplePart {
  #box;
  #shown;
  #busy;
  #asked = 0;

  constructor(box) {
    this.#box = box;
    this.#shown = box.querySelector("[data-sample-shown]");
    this.#busy = box.querySelector("[data-sample-busy]");
    const recorder = box.querySelector("[data-recorder]");
    if (recorder) this.recorder = new Recorder(recorder, (blob, name) => this.send(new File([blob], name, { type: blob.type })));
    const file = box.querySelector("[data-sample-file]");
    file.addEventListener("change", () => file.files[0] && (this.send(file.files[0]), (file.value = "")));
    const zone = box.querySelector(".dropzone");
    for (const kind of ["dragover", "dragleave", "drop"]) {
      zone.addEventListener(kind, (event) => {
        event.preventDefault();
        zone.toggleAttribute("data-over", kind === "dragover");
        if (kind === "drop" && event.dataTransfer.files[0]) this.send(event.dataTransfer.files[0]);
      });
    }
    box.addEventListener("click", ({ target }) => this.#clicked(target));
    box.addEventListener("input", ({ target }) => target.matches("[data-trim-start], [data-trim-end]") && this.#trimmed(target));
    this.#prepare();
  }

  send(file) {
    const body = new FormData();
    body.append("file", file);
    body.append("purpose", this.#box.dataset.samplePart);
    return this.#ask(this.#box.dataset.upload, body);
  }

  #clicked(target) {
    const mend = target.closest("[data-mend]");
    if (mend) {
      const body = new FormData();
      body.append(mend.dataset.mend, "1");
      if (mend.dataset.mend === "trim") {
        body.append("start_s", this.#handle("start").value);
        body.append("end_s", this.#handle("end").value);
      }
      return this.#ask(this.#found.dataset.mendUrl, body);
    }
    if (target.closest("[data-sample-forget]")) return this.#empty();
    if (target.closest("[data-trim-play]")) return this.#playPart();
    if (target.closest("[data-way-trim]")) this.#handle("end")?.focus();
  }

  get #found() { return this.#shown.querySelector("[data-sample-found]"); }
  #handle(which) { return this.#shown.querySelector(`[data-trim-${which}]`); }

  async #ask(url, body) {
    const asked = ++this.#asked;
    const { "X-CSRFToken": token } = JSON.parse(document.body.getAttribute("hx-headers"));
    this.#busy.hidden = false;
    this.#box.setAttribute("aria-busy", "true");
    let answer = "";
    try {
      const response = await fetch(url, { method: "POST", body, headers: { "X-CSRFToken": token, "HX-Request": "true" } });
      if (response.ok || response.status === 422) answer = await response.text();
    } catch {
      // The sentence below says so.
    }
    if (asked !== this.#asked) return; // another file came meanwhile
    this.#busy.hidden = true;
    this.#box.removeAttribute("aria-busy");
    if (!answer) return document.dispatchEvent(new CustomEvent("toast", { detail: { text: this.#box.dataset.fault, tone: "bad" } }));
    this.#shown.innerHTML = answer;
    window.htmx?.process(this.#shown);
    this.#prepare();
    this.#shown.querySelector("[data-sample-verdict]")?.focus();
    this.#tell();
  }

  #empty() {
    this.#asked += 1;
    this.#shown.replaceChildren();
    this.#prepare();
    this.#tell();
    (this.#box.querySelector("[data-record]") ?? this.#box.querySelector("[data-sample-file]")).focus();
  }

  #prepare() {
    this.#box.toggleAttribute("data-filled", Boolean(this.#found));
    if (this.#handle("start")) this.#trimmed(null);
  }

  #tell() {
    this.#box.dispatchEvent(new CustomEvent("sample:change", { bubbles: true }));
  }

  #trimmed(moved) {
    const [start, end] = [this.#handle("start"), this.#handle("end")];
    const trim = this.#shown.querySelector("[data-trim]");
    const whole = Number(end.max);
    const least = Math.min(1, whole);
    if (moved === start) start.value = Math.min(Number(start.value), Number(end.value) - least);
    else if (moved === end) end.value = Math.max(Number(end.value), Number(start.value) + least);
    const [from, to] = [Number(start.value), Number(end.value)];
    trim.style.setProperty("--from", `${(100 * from) / whole}%`);
    trim.style.setProperty("--to", `${(100 * to) / whole}%`);
    for (const handle of [start, end]) handle.setAttribute("aria-valuetext", precise(Number(handle.value)));
    this.#shown.querySelector("[data-trim-says]").textContent = `${precise(from)} – ${precise(to)} · ${precise(to - from)}`;
    this.#shown.querySelector("[data-mend=trim]").disabled = from < 0.05 && to > whole - 0.05;
  }

  async #playPart() {
    const audio = this.#shown.querySelector("audio");
    if (!audio.paused) return audio.pause();
    const [from, to] = [Number(this.#handle("start").value), Number(this.#handle("end").value)];
    audio.currentTime = from;
    const watch = () => audio.currentTime >= to && audio.pause();
    const end = () => {
      audio.removeEventListener("timeupdate", watch);
      audio.removeEventListener("pause", end);
      this.#shown.querySelector("[data-trim-play]")?.setAttribute("aria-pressed", "false");
    };
    audio.addEventListener("timeupdate", watch);
    audio.addEventListener("pause", end);
    this.#shown.querySelector("[data-trim-play]").setAttribute("aria-pressed", "true");
    await audio.play().catch(end);
  }
}

function precise(seconds) {
  return `${Math.floor(seconds / 60)}:${(seconds % 60).toFixed(1).padStart(4, "0")}`;
}
