// Files that are dropped anywhere on the page, or chosen with [data-bring], go into the library: two at a time, each with
// its progress and, where it is not taken, with the reason. A field that takes files itself says so with preventDefault.
const AT_ONCE = 2;
const veil = document.getElementById("drop");
const panel = document.getElementById("uploads");
const input = document.getElementById("bring");
const list = panel.querySelector(".uploads__list");
const row = document.getElementById("upload-row").content.firstElementChild;
const waiting = [];
let running = 0;
let isOurs = false; // what is dragged comes from this page: a picture of it counts as a file, too

// --- the veil: it lets everything through, so whoever is below goes on taking what is dropped ---

const carriesFiles = (event) => !isOurs && [...(event.dataTransfer?.types ?? [])].includes("Files");
const cover = (isOver) => {
  if (veil.matches(":popover-open") === isOver) return;
  if (isOver) veil.showPopover();
  else veil.hidePopover();
};

window.addEventListener("dragstart", () => { isOurs = true; });
window.addEventListener("dragend", () => {
  isOurs = false;
  cover(false);
});
window.addEventListener("dragover", (event) => {
  if (!carriesFiles(event)) return;
  if (event.defaultPrevented) {
    cover(false);
    return;
  }
  event.preventDefault();
  event.dataTransfer.dropEffect = "copy";
  cover(true);
});
window.addEventListener("dragleave", (event) => { if (!event.relatedTarget) cover(false); });
window.addEventListener("drop", (event) => {
  cover(false);
  if (!carriesFiles(event) || event.defaultPrevented) return;
  event.preventDefault();
  const items = [...event.dataTransfer.items].filter(({ kind }) => kind === "file");
  const folders = new Set(items.filter((item) => item.webkitGetAsEntry?.()?.isDirectory).map((item) => item.getAsFile()?.name));
  for (const file of event.dataTransfer.files) bring(file, folders.has(file.name) ? panel.dataset.folder : "");
});
window.addEventListener("keydown", ({ key }) => { if (key === "Escape") cover(false); });

// --- chosen ---

document.addEventListener("click", (event) => { if (event.target.closest("[data-bring]")) input.click(); });
input.addEventListener("change", () => {
  for (const file of input.files) bring(file);
  input.value = "";
});

// --- one file ---

function bring(file, fault = "") {
  const item = row.cloneNode(true);
  item.querySelector(".upload__name").textContent = file.name;
  item.querySelector("progress").setAttribute("aria-label", file.name);
  list.prepend(item);
  if (panel.matches(":popover-open")) panel.hidePopover(); // shown anew, it lies above what opened since
  panel.showPopover();
  if (fault) {
    end(item, "failed", fault);
    return;
  }
  say(item, "waiting", panel.dataset.waiting);
  waiting.push({ file, item });
  next();
}

function next() {
  while (running < AT_ONCE && waiting.length) send(waiting.shift());
}

function send({ file, item }) {
  running += 1;
  const bar = item.querySelector("progress");
  const request = new XMLHttpRequest(); // tells how much is sent
  const body = new FormData();
  body.append("file", file);
  request.open("POST", panel.dataset.url);
  const headers = JSON.parse(document.body.getAttribute("hx-headers"));
  for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
  request.setRequestHeader("Accept", "application/json");
  request.upload.addEventListener("progress", ({ loaded, total, lengthComputable }) => {
    if (!lengthComputable) return;
    bar.value = (100 * loaded) / total;
    if (loaded < total) say(item, "sending", `${Math.floor(bar.value)} %`);
  });
  request.upload.addEventListener("load", () => {
    bar.removeAttribute("value");
    say(item, "checking", panel.dataset.checking);
  });
  request.addEventListener("loadend", () => {
    running -= 1;
    next();
  });
  request.addEventListener("load", () => answer(item, request));
  request.addEventListener("error", () => end(item, "failed", panel.dataset.fault));
  request.addEventListener("abort", () => end(item, "stopped", panel.dataset.stopped));
  item.stop = () => request.abort();
  say(item, "sending", "0 %");
  request.send(body);
}

function answer(item, { status, responseText }) {
  let told = {};
  try {
    told = JSON.parse(responseText);
  } catch {
    // no sentence of ours: a proxy's page, or a fault
  }
  if (status === 201) {
    item.querySelector(".upload__name").textContent = told.title;
    link(item, ".upload__open", told.url);
    link(item, ".upload__recall", told.recall);
    end(item, "done", panel.dataset.done);
    document.body.dispatchEvent(new CustomEvent("library:stale", { bubbles: true }));
    return;
  }
  link(item, ".upload__other", told.url, told.label);
  end(item, "failed", told.sentence ?? panel.dataset.fault);
}

function link(item, selector, url, label) {
  if (!url) return;
  const found = item.querySelector(selector);
  found.href = url;
  if (label) found.textContent = label;
  found.hidden = false;
}

function say(item, state, text) {
  item.dataset.state = state;
  item.querySelector(".upload__says").textContent = text;
}

function end(item, state, text) {
  say(item, state, text);
  item.querySelector("[data-upload-stop]").remove();
  item.stop = null;
  document.getElementById("live-region").textContent = `${item.querySelector(".upload__name").textContent}: ${text}`;
}

panel.addEventListener("click", (event) => {
  const item = event.target.closest("[data-upload-stop]")?.closest(".upload");
  if (item) {
    const place = waiting.findIndex((each) => each.item === item);
    if (place >= 0) {
      waiting.splice(place, 1);
      end(item, "stopped", panel.dataset.stopped);
    } else item.stop?.();
  }
  if (!event.target.closest("[data-uploads-close]")) return;
  panel.hidePopover();
  for (const each of list.querySelectorAll("[data-state=done], [data-state=failed], [data-state=stopped]")) each.remove();
});

window.addEventListener("beforeunload", (event) => { if (running || waiting.length) event.preventDefault(); });
