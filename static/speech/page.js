/** The speech page: the press, the sound, the words, the takes. */

import { open } from "../js/dialogs.js";
import { clock, Composer, fill } from "./composer.js";
import { Inserters } from "./inserters.js";
import { Meter } from "./meter.js";
import { openOutput } from "./playback/output.js";
import { choosePlayback, makePlayback } from "./playback/choose.js";
import { ScriptView } from "./script_view.js";
import { SavedMix } from "./saved_mix.js";
import { SpeechSocket } from "./socket.js";
import { TakeStrip } from "./take_strip.js";
import { Compare } from "./takes.js";
import { TypeToSpeak } from "./type_to_speak.js";
import { VoiceChoice, VoicePicker } from "./voice_picker.js";
import { estimateSeconds, findMarks, WordTrack } from "./words.js";

const form = document.getElementById("speech");
const words = readWords(document.getElementById("speech-words"));
const find = (name) => form.querySelector(`[data-${name}]`);
const script = find("script");
const input = form.elements.text;
const twin = find("script-twin");
const speakButton = find("speak");
const stopButton = find("stop");
const playButton = find("play");
const seek = find("seek");
const typedSwitch = find("typed");
const ROW_MS = 900; // the server's row says "speaking" half a second after the first sound
const runKey = `speech:run:${form.dataset.workspace}`;

const composer = new Composer(form, words);
const view = new ScriptView(twin);
const inserters = new Inserters(input, composer, words);
const picker = new VoicePicker(document.getElementById("voice-picker"), words);
new VoiceChoice(form, composer, picker, words);
new SavedMix(form, composer);
const compare = new Compare(find("compare-bar"), words);
const strip = new TakeStrip(document.getElementById("takes"), compare);
const meter = new Meter(find("wave"), showMoment);
const socket = new SpeechSocket(form.dataset.socket);

let run = null; // the take on the stage
let pressedAt = 0; // performance.now() of the latest press of anything

// --- a press --------------------------------------------------------------------------------------------------------

for (const name of ["click", "keydown"]) addEventListener(name, ({ timeStamp }) => (pressedAt = timeStamp), true);
for (const name of ["pointerdown", "keydown"]) form.addEventListener(name, () => openOutput(), { once: true }); // ready before it is needed

form.addEventListener("submit", (event) => {
  event.preventDefault();
  press();
});

function press() {
  if (speakButton.disabled) return;
  if (run?.isMaking) {
    if (run.isTyped) finishTyping();
    return; // a double click is one take
  }
  const isTyped = typedSwitch.checked;
  const refusal = composer.refusal({ isTyped });
  if (refusal) return refuse(refusal.sentence, { field: refusal.field, next: words.notCharged });
  hideError();
  leaveStage();
  compare.pause();
  strip.pause();
  const playback = choosePlayback(composer.streamFormat);
  const { text, speed } = composer;
  const request = composer.request();
  if (isTyped) request.text = "";
  const message = { type: isTyped ? "type_start" : "speak", click: newId(), playback, request };
  const since = performance.now() - pressedAt < 250 ? pressedAt : performance.now();
  socket.ask(message); // first of all: opening the output may take a while
  begin({ message, text: isTyped ? "" : text, speed, streams: composer.hasEffects ? "mp3" : playback, isTyped, pressedAt: isTyped ? null : since });
  if (isTyped) writeOn(); // what is typed before the server has answered belongs into the text, too
  remember();
}

/** Put a take on the stage, before or after the server has heard of it. */
function begin(details) {
  run = { take: null, isMaking: true, isStopping: false, isKept: false, edits: false, typed: null, upstreamMs: null, ...details };
  run.track = new WordTrack(run.text, { speed: run.speed });
  equip(run.streams);
  for (const name of ["first", "upstream"]) figure(name).textContent = "–";
  figure("gaps").textContent = "–";
  say(words.asking);
  showState();
}

function equip(format) {
  const playback = makePlayback(format, Number(run.message.request.sample_rate));
  run.playback = playback;
  run.streams = format;
  playback.isExpecting = () => !run.isTyped || isOwed();
  const mine = (listener) => () => run?.playback === playback && listener();
  playback.addEventListener("firstsound", mine(firstSound));
  playback.addEventListener("underrun", mine(() => (figure("gaps").textContent = String(playback.underruns))));
  playback.addEventListener("blocked", mine(blocked));
  playback.addEventListener("change", mine(showState));
  playback.addEventListener("ended", mine(ended));
  playback.addEventListener("fault", mine(() => say(words.fault)));
  meter.follow(playback, estimateSeconds(run.text, run.speed));
}

/** Whether sound of a sentence that was sent is still to come. */
function isOwed() {
  const sent = input.value.slice(0, run.typed?.sentUntil ?? 0).trimEnd();
  if (run.track.isExact) return run.track.coveredUntil < sent.length - 2;
  return run.playback.duration < 0.6 * estimateSeconds(sent, run.speed);
}

function finishTyping() {
  run.typed?.finish();
  if (run.take) socket.tell({ type: "type_end", take: run.take });
  else run.endWanted = true;
  run.isClosing = true;
  showState();
}

function stop() {
  if (!run.isMaking) return run.playback.pause(); // it is kept: nothing to stop but the sound
  run.isStopping = true;
  run.typed?.end();
  run.playback.stop();
  meter.leave();
  if (run.take) socket.tell({ type: "stop", take: run.take });
  say(words.stopping);
  showState();
}

// --- what the server says ---------------------------------------------------------------------------------------------

const answers = {
  started({ take, click, audio }) {
    if (!run || (run.take ? run.take !== take : run.message.click !== click)) return;
    const isFirst = !run.take;
    run.take = take;
    remember();
    if (run.isStopping) return socket.tell({ type: "stop", take });
    if (audio.format !== run.streams) {
      run.playback.stop();
      equip(audio.format);
    }
    run.playback.start(audio);
    if (isFirst || !document.getElementById(`take-${take}`)) strip.fetch(take);
    if (run.isTyped && !run.typed) startTyping();
    if (run.endWanted) socket.tell({ type: "type_end", take });
    say(run.isTyped ? words.listening : words.speaking);
    showState();
  },
  words({ words: spoken, exact }) {
    run.track.add(spoken, exact);
    const last = spoken.at(-1);
    if (exact && last && !run.isTyped) meter.expect(estimateTotal(last.end_ms / 1000));
  },
  progress({ upstream_first_ms: ms }) {
    run.upstreamMs = ms;
    if (ms !== null && !run.isTyped) figure("upstream").textContent = fill(figure("upstream").dataset.unit, { count: ms });
  },
  refused({ click, message, errors }) {
    if (click !== run.message.click && !run.isTyped) return;
    if (run.take && run.isTyped) return refuse(message, { next: "" });
    run.typed?.end();
    const [field] = Object.keys(errors ?? {});
    leaveStage();
    refuse(message, { field, next: words.notCharged });
  },
  finished({ status, card }) {
    run.isKept = true;
    composer.refreshPrice();
    strip.put(card);
    if (status === "stopped") run.playback.stop();
    close(status === "stopped" ? words.stopped : words.kept);
  },
  failed({ error, card }) {
    if (card) strip.put(card);
    close("");
    const charged = { no: words.notCharged, yes: words.charged, unknown: words.chargedUnknown }[error.charged] ?? "";
    refuse(`${error.sentence} ${charged}`, { next: error.next_step, trace: error.trace_id, keepsFocus: true });
  },
};

socket.addEventListener("message", ({ detail }) => {
  if (!run) return;
  if (detail.take && run.take && detail.take !== run.take) return;
  answers[detail.type]?.(detail);
});

socket.addEventListener("audio", ({ detail: { take, bytes } }) => {
  if (run?.take === take && !run.isStopping) run.playback.push(bytes);
});

socket.addEventListener("state", ({ detail: { state } }) => {
  script.dataset.line = state;
  if (state === "refused") refuse(words.refused, { next: "" });
  else if (state === "waiting" && run?.isMaking) say(words.reconnecting);
  else if (state === "open" && run?.isMaking && run.take) say(words.speaking);
});

/** The server is done with the take on the stage; what is buffered may still be playing. */
function close(sentence) {
  run.isMaking = false;
  run.typed?.end();
  if (run.isTyped) run.text = input.value.slice(0, run.typed?.sentUntil ?? input.value.length);
  sessionStorage.removeItem(runKey);
  if (!run.isStopping) {
    run.playback.end();
    run.track.fit(run.playback.duration * 1000);
    meter.expect(0);
    meter.refresh();
  }
  say(sentence);
  showState();
}

// --- the sound ----------------------------------------------------------------------------------------------------------

function firstSound() {
  script.dataset.heard = "";
  if (run.pressedAt !== null) {
    const ms = Math.max(0, Math.round(run.playback.firstSoundAt - run.pressedAt));
    figure("first").textContent = fill(figure("first").dataset.unit, { count: ms });
  }
  figure("gaps").textContent = String(run.playback.underruns);
  playButton.removeAttribute("data-wanted");
  if (run.isMaking) {
    say(words.speaking);
    const { take } = run;
    setTimeout(() => run?.take === take && run.isMaking && strip.fetch(take), ROW_MS);
  }
  meter.refresh();
  showState();
}

function blocked() {
  playButton.dataset.wanted = "";
  say(words.blocked);
  showState();
}

function ended() {
  view.point(null);
  if (run.isMaking) return; // type-to-speak: more may come
  showMoment(run.playback.currentTime);
  showState();
}

function showMoment(seconds) {
  if (!run) return;
  find("time").textContent = clock(seconds);
  const { scale } = meter;
  if (document.activeElement !== seek || !run.isSeeking) {
    seek.max = scale.toFixed(2);
    seek.value = seconds.toFixed(2);
  }
  seek.setAttribute("aria-valuetext", clock(seconds));
  if (run.playback.firstSoundAt === null) return;
  const word = run.track.words[run.track.indexAt(seconds * 1000)];
  if (word && word.from >= 0 && isShowingWords()) view.point(word, { follow: !run.isTyped });
}

function isShowingWords() {
  return script.dataset.mode === "read" || (run?.isTyped && isHeard());
}

function isHeard() {
  return Boolean(run && !run.isStopping && !run.playback.ended && run.playback.firstSoundAt !== null && !run.playback.paused);
}

function togglePlay() {
  if (!run) return;
  compare.pause();
  strip.pause();
  if (isHeard()) run.playback.pause();
  else {
    playButton.removeAttribute("data-wanted");
    run.edits = false;
    run.playback.resume();
  }
  meter.refresh();
  showState();
}

function seekTo(seconds) {
  if (!run || run.isStopping) return;
  run.playback.seek(Math.max(0, Math.min(seconds, run.playback.duration - 0.02)));
  if (run.playback.ended) run.playback.resume();
  meter.refresh();
}

function estimateTotal(coveredSeconds) {
  const covered = run.track.coveredUntil;
  return covered > 40 ? Math.max(coveredSeconds, (coveredSeconds * run.text.length) / covered) : 0;
}

// --- the stage ----------------------------------------------------------------------------------------------------------

function leaveStage() {
  if (!run) return;
  if (run.take) socket.forget(run.take);
  run.typed?.end();
  run.playback.stop();
  meter.leave();
  run = null;
  sessionStorage.removeItem(runKey);
  showState();
}

function showState() {
  const isMaking = Boolean(run?.isMaking);
  const isPlaying = isHeard();
  const isAlive = Boolean(run && !run.isStopping && run.playback.duration > 0);
  const isReading = Boolean(run && !run.isTyped && !run.isStopping && !run.edits && (isMaking || isPlaying || run.playback.paused === false) && !run.playback.ended);
  setMode(isReading ? "read" : "write");
  script.toggleAttribute("data-making", isMaking);
  script.toggleAttribute("data-playing", isPlaying);

  const isTypedRun = Boolean(isMaking && run.isTyped && !run.isClosing && !run.isStopping);
  const { dataset } = speakButton;
  find("speak-label").textContent = isTypedRun ? dataset.labelFinish : isMaking ? dataset.labelBusy : typedSwitch.checked ? dataset.labelStart : dataset.labelSpeak;
  find("speak-spinner").hidden = !isMaking || isTypedRun;
  find("speak-icon").hidden = isMaking;
  speakButton.setAttribute("aria-disabled", String(isMaking && !isTypedRun));
  stopButton.hidden = !isMaking || run.isStopping;
  typedSwitch.disabled = isMaking || "listener" in form.dataset;

  playButton.disabled = !isAlive && !playButton.hasAttribute("data-wanted");
  seek.disabled = !isAlive;
  playButton.setAttribute("aria-label", isPlaying ? playButton.dataset.labelPause : playButton.dataset.labelPlay);
  find("icon-play").hidden = isPlaying;
  find("icon-pause").hidden = !isPlaying;
  if (run && (isPlaying || isMaking)) meter.refresh();
}

function setMode(mode) {
  if (mode === "read") view.show(run.text, findMarks(run.text, soundTags()));
  if (script.dataset.mode === mode) return;
  const hadFocus = document.activeElement === input || document.activeElement === twin;
  script.dataset.mode = mode;
  const isReading = mode === "read";
  if (isReading) {
    twin.removeAttribute("aria-hidden");
    twin.setAttribute("role", "region");
    twin.setAttribute("aria-label", words.pick);
    twin.tabIndex = 0;
  } else {
    twin.setAttribute("aria-hidden", "true");
    twin.removeAttribute("role");
    twin.removeAttribute("aria-label");
    twin.removeAttribute("tabindex");
    view.point(null);
    drawDraft();
  }
  for (const button of form.querySelectorAll("[data-inserter]")) button.inert = isReading;
  find("edit").hidden = !isReading;
  if (hadFocus) (isReading ? twin : input).focus({ preventScroll: true });
}

/** The twin under the editor: marks of pauses and sounds, what is wrong, what has been sent. */
function drawDraft() {
  if (script.dataset.mode === "read") return;
  const text = input.value;
  const isCurrent = composer.problems.every(({ end }) => end <= text.length);
  const wrong = isCurrent && text ? composer.problems.map(({ start, end }) => ({ from: start, to: end, kind: "wrong" })) : [];
  const parts = [];
  for (const part of [...(run?.typed?.marks ?? []), ...wrong, ...findMarks(text, soundTags())]) {
    if (part.to > part.from && !parts.some(({ from, to }) => part.from < to && from < part.to)) parts.push(part);
  }
  view.show(text, parts.sort((a, b) => a.from - b.from));
  const hint = find("hint");
  const [problem] = text.trim() && !run?.isMaking ? composer.problems : [];
  hint.textContent = problem?.sentence ?? "";
  hint.hidden = !problem;
}

function soundTags() {
  return new Set(composer.model.sound_tags);
}

function say(sentence) {
  find("says").textContent = sentence;
}

function figure(name) {
  return find(`figure="${name}"`);
}

function refuse(sentence, { field = "", next = "", trace = "", keepsFocus = false } = {}) {
  find("error-sentence").textContent = sentence;
  find("error-next").textContent = next ?? "";
  find("error-trace").textContent = trace ? fill(words.trace, { id: trace }) : "";
  find("error").hidden = false;
  say("");
  input.toggleAttribute("aria-invalid", field === "text");
  if (keepsFocus) return;
  if (field === "text") input.focus();
  else if (field === "voice_id") document.querySelector("[data-pick-voice]:not([hidden])")?.focus();
}

function hideError() {
  find("error").hidden = true;
  input.removeAttribute("aria-invalid");
}

// --- type-to-speak ------------------------------------------------------------------------------------------------------

function startTyping() {
  const said = (text) => {
    run.pressedAt ??= performance.now();
    run.text = input.value.slice(0, run.typed?.sentUntil ?? input.value.length);
    run.track.setText(input.value);
    socket.tell({ type: "type_text", take: run.take, text });
    say(words.speaking);
  };
  const typed = new TypeToSpeak(input, said, () => say(words.locked));
  run.typed = typed;
  input.addEventListener("sentences:sent", drawDraft);
  run.track.setText(input.value);
  drawDraft();
  if (document.activeElement !== input) writeOn();
}

function writeOn() {
  input.focus();
  input.setSelectionRange(input.value.length, input.value.length);
}

typedSwitch.addEventListener("change", () => {
  showState();
  input.focus();
});

// --- a reload in the middle ---------------------------------------------------------------------------------------------

function remember() {
  const { message, take, text, speed, streams, isTyped } = run;
  try {
    sessionStorage.setItem(runKey, JSON.stringify({ message, take, text: isTyped ? "" : text, speed, streams, isTyped }));
  } catch {
    // Without storage a reload shows the take in the strip, it just does not go on playing here.
  }
}

function resumeRun() {
  let before = null;
  try {
    before = JSON.parse(sessionStorage.getItem(runKey));
  } catch {
    return;
  }
  if (!before) return;
  const { take, ...details } = before;
  // The sentences typed so far are on the server; the text of the page is the draft, and stays editable.
  begin({ ...details, text: details.isTyped ? input.value : details.text, pressedAt: null });
  if (run.isTyped) run.isClosing = true;
  if (take) {
    run.take = take;
    socket.attach(take, 0);
    if (run.isTyped) socket.tell({ type: "type_end", take });
  } else {
    socket.ask(run.message); // the same click: the server knows whether it has started
  }
}

// --- keys and controls --------------------------------------------------------------------------------------------------

playButton.addEventListener("click", togglePlay);
stopButton.addEventListener("click", stop);
find("edit").addEventListener("click", () => {
  run.edits = true;
  showState();
  input.focus();
});
seek.addEventListener("input", () => seekTo(Number(seek.value)));
twin.addEventListener("pick", ({ detail: { place } }) => {
  const index = run?.track.indexAtPlace(place) ?? -1;
  if (index >= 0) seekTo(run.track.words[index].start_ms / 1000);
});
twin.addEventListener("keydown", (event) => {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (event.key === " ") togglePlay();
  else if (step && run) seekTo((run.track.words[Math.max(0, run.track.indexAt(run.playback.currentTime * 1000) + step)]?.start_ms ?? 0) / 1000);
  else return;
  event.preventDefault();
});

document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && !document.querySelector("dialog[open]:not(#settings-sheet)")) {
    event.preventDefault();
    if (!event.repeat) press();
  } else if (event.key === "Escape" && !event.defaultPrevented && !document.querySelector("dialog[open], :popover-open:not(.tip, .toasts)")) {
    if (run && (run.isMaking || isHeard())) {
      event.preventDefault();
      stop();
    }
  }
});

document.addEventListener("click", ({ target }) => {
  if (target.closest("[data-open-dictionary]")) {
    open(document.getElementById("dictionary"));
    document.getElementById("dictionary-body").dispatchEvent(new CustomEvent("dictionary:open"));
  }
  const example = target.closest("[data-example]");
  if (example) {
    if (!input.value.trim()) composer.setText(example.dataset.example);
    press();
  }
});

for (const name of ["compare:play", "takes:play"]) {
  document.addEventListener(name, () => {
    if (isHeard()) run.playback.pause();
    showState();
  });
}

document.addEventListener("takes:recall", async ({ detail: { take, withText } }) => {
  const response = await fetch(`${form.dataset.pageUrl}?${new URLSearchParams({ take })}`);
  if (!response.ok) return;
  const page = new DOMParser().parseFromString(await response.text(), "text/html").getElementById("speech");
  if (withText) composer.setText(page.elements.text.value);
  else {
    const voice = page.elements.voice_id;
    const settings = { voice_label: voice.dataset.voiceLabel, voice_language: voice.dataset.voiceLanguage, voice_meta: page.querySelector("[data-voice-meta]").textContent };
    for (const field of page.elements) {
      if (!field.name || field.name === "text" || (field.type === "radio" && !field.checked)) continue;
      settings[field.name] = field.type === "checkbox" ? field.checked : field.name === "timbre_weights" ? JSON.parse(field.value || "null") : field.value;
    }
    composer.apply(settings);
  }
  const button = document.querySelector(`#take-${CSS.escape(take)} [data-use-${withText ? "text" : "settings"}]`);
  document.dispatchEvent(new CustomEvent("toast", { detail: { text: button?.dataset.done ?? "", tone: "ok" } }));
});

form.addEventListener("speech:text", () => {
  hideError();
  drawDraft();
});
form.addEventListener("speech:problems", drawDraft);
form.addEventListener("speech:changed", ({ detail: { name } }) => {
  if (name !== "model") return;
  inserters.offerSounds();
  drawDraft();
});

// On a narrow screen the settings live in a sheet.
const narrow = matchMedia("(max-width: 63.99rem)");
function placeSettings() {
  const settings = document.getElementById("speech-settings");
  (narrow.matches ? document.querySelector("[data-settings-sheet]") : document.getElementById("settings-home")).append(settings);
}
narrow.addEventListener("change", placeSettings);

function readWords(element) {
  const entries = Object.entries(element.dataset).map(([name, value]) => [name[5].toLowerCase() + name.slice(6), value]);
  return Object.fromEntries(entries);
}

function newId() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16)); // plain http in a local network
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

placeSettings();
drawDraft();
showState();
socket.open();
resumeRun();
form.dataset.ready = "";
