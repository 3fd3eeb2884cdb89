// What an embedded player says to the page around it, and hears from it. Messages are objects with `studio: "player"`.
// Heard: {act: "play" | "pause" | "toggle"}, {act: "seek", seconds}, {act: "ask"}. Said: {event, seconds, duration, paused},
// event one of ready, play, pause, timeupdate, ended, state (the answer to "ask"). Only sites that may embed it are heard.
const sites = document.body.dataset.sites.split(" ");
const player = document.querySelector("studio-player, video");
const medium = player?.matches("video") ? player : player?.querySelector("audio");
const SAID_EVERY_MS = 250;
let said = 0;

function isAllowed(origin) {
  if (sites.includes("*")) return true;
  const { host, hostname } = URL.canParse(origin) ? new URL(origin) : { host: "", hostname: "" };
  return sites.some((site) => {
    const [name] = site.split(":");
    const wanted = site.includes(":") ? host : hostname;
    return site.startsWith("*.") ? wanted.endsWith(site.slice(1)) && hostname.endsWith(name.slice(1)) : wanted === site;
  });
}

function say(event) {
  if (!medium || window.parent === window) return;
  const duration = player.duration || medium.duration || 0;
  // Nothing in it is a secret: whoever may embed the player may know how far it is.
  window.parent.postMessage({ studio: "player", event, seconds: medium.currentTime, duration, paused: medium.paused }, "*");
}

function hear(message) {
  if (message.source !== window.parent || message.data?.studio !== "player" || !isAllowed(message.origin) || !medium) return;
  const { act, seconds } = message.data;
  if (act === "play" || (act === "toggle" && medium.paused)) medium.play().catch(() => say("state"));
  else if (act === "pause" || act === "toggle") medium.pause();
  else if (act === "seek" && Number.isFinite(seconds)) medium.currentTime = Math.max(0, seconds);
  else if (act === "ask") say("state");
}

if (medium) {
  for (const name of ["play", "pause", "ended"]) medium.addEventListener(name, () => say(name));
  medium.addEventListener("timeupdate", () => {
    if (performance.now() - said < SAID_EVERY_MS) return;
    said = performance.now();
    say("timeupdate");
  });
  window.addEventListener("message", hear);
  say("ready");
}
