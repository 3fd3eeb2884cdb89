/** MiniMax's voices: heard where the pointer or the focus rests; one that costs only on a press. */

const REST_MS = 350;
const list = document.getElementById("voice-list");
const says = document.querySelector("[data-browser-says]");
const audio = new Audio();
const sounds = new Map(); // voice → blob URL
let playing = null;
let timer = 0;

function hush() {
  clearTimeout(timer);
  audio.pause();
  playing?.removeAttribute("data-state");
  playing = null;
}

function rest(voice) {
  clearTimeout(timer);
  if (voice === playing) return;
  hush();
  if (voice && voice.dataset.sample !== "paid") timer = setTimeout(() => hear(voice, false), REST_MS);
}

async function hear(voice, isAsked) {
  hush();
  says.hidden = true;
  playing = voice;
  voice.dataset.state = "loading";
  try {
    const url = await sound(voice);
    if (playing !== voice) return;
    audio.src = url;
    await audio.play();
    if (playing === voice) voice.dataset.state = "playing";
  } catch (error) {
    if (playing !== voice) return;
    hush();
    if (!isAsked) return;
    says.hidden = false;
    says.querySelector("span").textContent = error.sentence ?? list.dataset.noSample;
  }
}

async function sound(voice) {
  const { voice: voice_id, sample } = voice.dataset;
  if (sounds.has(voice_id)) return sounds.get(voice_id);
  const body = new URLSearchParams({ voice_id });
  const { "X-CSRFToken": token } = JSON.parse(document.body.getAttribute("hx-headers"));
  const { sampleUrl } = list.dataset;
  const response = await (sample === "ready" ? fetch(`${sampleUrl}?${body}`) : fetch(sampleUrl, { method: "POST", body, headers: { "X-CSRFToken": token } }));
  if (!response.ok) {
    const refusal = response.headers.get("Content-Type")?.includes("json") ? await response.json() : {};
    throw Object.assign(new Error("no sample"), { sentence: refusal.sentence && `${refusal.sentence} ${refusal.next_step ?? ""}` });
  }
  sounds.set(voice_id, URL.createObjectURL(await response.blob()));
  voice.dataset.sample = "ready";
  return sounds.get(voice_id);
}

const voiceOf = (target) => target.closest?.("[data-voice]") ?? null;
list.addEventListener("click", ({ target }) => {
  const voice = target.closest("[data-hear]") && voiceOf(target);
  if (voice) voice === playing ? hush() : hear(voice, true);
});
list.addEventListener("pointerover", ({ target, pointerType }) => pointerType === "mouse" && rest(voiceOf(target)));
list.addEventListener("pointerleave", () => rest(null));
list.addEventListener("focusin", ({ target }) => target.matches("[data-hear]:focus-visible") && rest(voiceOf(target)));
list.addEventListener("focusout", ({ relatedTarget }) => !list.contains(relatedTarget) && rest(null));
audio.addEventListener("ended", hush);
list.addEventListener("keydown", (event) => {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  const voice = voiceOf(event.target);
  if (!step || !voice) return;
  const voices = [...list.querySelectorAll("[data-voice]")];
  const next = voices[voices.indexOf(voice) + step];
  if (!next) return;
  event.preventDefault();
  next.querySelector("[data-hear]").focus();
});
