/**
 * Files at MiniMax: brought (dropped or chosen, two at a time, with progress and a way to stop), and many selected at once.
 *
 * The browser sends each file to the studio as the body of one request; from there it goes on by itself, and its card says how far.
 */

const AT_ONCE = 2;
const page = document.querySelector("[data-files]");
const bring = page?.querySelector("[data-bring]");
const transfers = document.getElementById("transfers");
const fill = (text, values) => text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
const UNITS = ["byte", "kilobyte", "megabyte", "gigabyte"];

/** 536870913 → "512 MB", in the reader's own language; the same steps as Django's filesizeformat. */
function size(bytes) {
  const step = Math.min(UNITS.length - 1, bytes ? Math.floor(Math.log2(bytes) / 10) : 0);
  const format = new Intl.NumberFormat(document.documentElement.lang || undefined, { style: "unit", unit: UNITS[step], maximumFractionDigits: step ? 1 : 0 });
  return format.format(bytes / 1024 ** step);
}

if (bring) {
  const limits = JSON.parse(document.getElementById("file-limits").textContent);
  const chooser = bring.querySelector("[data-choose]");
  const waiting = [];
  const running = new Set();

  const chosen = () => bring.querySelector("[name=bring-purpose]:checked").value;
  const part = (row, name) => row.querySelector(`[data-${name}]`);

  const showRule = () => {
    for (const rule of bring.querySelectorAll("[data-rule]")) rule.hidden = rule.dataset.rule !== chosen();
    chooser.accept = limits[chosen()].accept;
  };
  bring.addEventListener("change", (event) => {
    if (event.target.name === "bring-purpose") showRule();
    if (event.target !== chooser) return;
    take([...chooser.files]);
    chooser.value = "";
  });
  showRule();

  const take = (files) => {
    const rows = files.map((file) => {
      const row = document.getElementById("bring-row").content.firstElementChild.cloneNode(true);
      part(row, "name").textContent = file.name;
      part(row, "bar").setAttribute("aria-label", file.name);
      return { row, file, purpose: chosen(), request: null };
    });
    transfers.prepend(...rows.map(({ row }) => row));
    for (const one of rows) begin(one);
  };

  const begin = (one) => {
    const { row, file, purpose } = one;
    const { most } = limits[purpose];
    one.row.classList.remove("transfer--failed");
    part(row, "again").hidden = part(row, "dismiss").hidden = true;
    part(row, "stop").hidden = part(row, "bar").hidden = false;
    part(row, "bar").value = 0;
    if (!file.size) return end(one, bring.dataset.empty);
    if (file.size > most) {
      const exact = file.size - most < 1024 * 1024 ? fill(bring.dataset.bytes, { n: file.size.toLocaleString(document.documentElement.lang || undefined) }) : size(file.size);
      return end(one, fill(bring.dataset.tooLarge, { most: size(most), size: exact }));
    }
    part(row, "says").textContent = bring.dataset.waits;
    part(row, "stop").onclick = () => stop(one);
    waiting.push(one);
    next();
  };

  const end = (one, sentence, { again = false } = {}) => {
    const { row } = one;
    row.classList.add("transfer--failed");
    part(row, "says").textContent = sentence;
    part(row, "stop").hidden = part(row, "bar").hidden = true;
    part(row, "dismiss").hidden = false;
    part(row, "again").hidden = !again;
    part(row, "again").onclick = () => begin(one);
  };

  const stop = (one) => {
    const at = waiting.indexOf(one);
    if (at >= 0) waiting.splice(at, 1);
    one.request?.abort();
    end(one, bring.dataset.cancelled, { again: true });
    part(one.row, "again").focus();
  };

  const next = () => {
    while (running.size < AT_ONCE && waiting.length) send(waiting.shift());
  };

  const send = (one) => {
    const { row, file, purpose } = one;
    const request = new XMLHttpRequest();
    one.request = request;
    running.add(one);
    request.open("POST", `${bring.dataset.bring}?${new URLSearchParams({ purpose, name: file.name })}`);
    for (const [name, value] of Object.entries(JSON.parse(document.body.getAttribute("hx-headers")))) request.setRequestHeader(name, value);
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.upload.addEventListener("progress", (event) => {
      part(row, "bar").value = (100 * event.loaded) / file.size;
      part(row, "says").textContent = event.loaded < file.size ? fill(bring.dataset.progress, { done: size(event.loaded), all: size(file.size) }) : bring.dataset.looks;
    });
    request.addEventListener("loadend", () => {
      running.delete(one);
      one.request = null;
      next();
    });
    request.addEventListener("load", () => {
      if (request.status === 201) {
        const card = new DOMParser().parseFromString(request.responseText, "text/html").body.firstElementChild;
        const hadFocus = row.contains(document.activeElement);
        row.replaceWith(card);
        htmx.process(card);
        if (hadFocus) card.querySelector("button")?.focus();
        return;
      }
      const isRefused = request.status === 422 || request.status === 413;
      let sentence = bring.dataset.fault;
      if (isRefused) {
        try {
          ({ sentence } = JSON.parse(request.responseText));
        } catch {
          // not our answer: the sentence says that it did not arrive
        }
      }
      end(one, sentence, { again: !isRefused });
    });
    request.addEventListener("error", () => end(one, bring.dataset.fault, { again: true }));
    request.send(file);
  };

  // --- dropped anywhere on the page ---
  const carriesFiles = (event) => event.dataTransfer?.types.includes("Files");
  const isFree = () => !document.querySelector("dialog:modal");
  document.addEventListener("dragover", (event) => {
    if (!carriesFiles(event) || !isFree()) return;
    event.preventDefault();
    page.dataset.over = "";
  });
  document.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) delete page.dataset.over;
  });
  document.addEventListener("drop", (event) => {
    delete page.dataset.over;
    if (!carriesFiles(event) || !isFree()) return;
    event.preventDefault();
    // A folder has no bytes of its own: only what can be read is taken.
    const files = [...event.dataTransfer.items].filter((item) => item.kind === "file" && !item.webkitGetAsEntry?.()?.isDirectory).map((item) => item.getAsFile());
    take(files.filter(Boolean));
  });

  window.addEventListener("beforeunload", (event) => {
    if (running.size || waiting.length) event.preventDefault();
  });
}

// --- cards of what is over are put aside; a dialog's own way out ---
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-dismiss]");
  if (button && transfers?.contains(button)) {
    const row = button.closest("article");
    const neighbour = row.nextElementSibling ?? row.previousElementSibling;
    row.remove();
    (neighbour?.querySelector("[data-dismiss]:not([hidden]), button:not([hidden])") ?? document.getElementById("file-q")).focus();
  }
  const keep = event.target.closest("[data-close-here]");
  if (keep?.closest("dialog")) {
    event.preventDefault();
    keep.closest("dialog").close();
  }
});

// --- many at once: the set knows, the boxes show, whatever is drawn anew ---
const bar = document.getElementById("many");
if (bar) {
  const selected = new Set();
  let last = null;
  const boxes = () => [...document.querySelectorAll("#file-list [data-pick]")];
  const paint = () => {
    const shown = boxes();
    const ids = new Set(shown.map((box) => box.value));
    for (const id of selected) if (!ids.has(id)) selected.delete(id);
    for (const box of shown) box.checked = selected.has(box.value);
    const all = document.querySelector("#file-list [data-pick-all]");
    if (all) {
      all.checked = shown.length > 0 && selected.size === shown.length;
      all.indeterminate = selected.size > 0 && selected.size < shown.length;
    }
    const says = bar.querySelector("[data-many-count]");
    says.textContent = selected.size === 1 ? says.dataset.one : fill(says.dataset.more, { n: selected.size });
    bar.hidden = !selected.size;
  };
  const set = (box, is) => (is ? selected.add(box.value) : selected.delete(box.value));
  document.addEventListener("click", (event) => {
    const shown = boxes();
    if (event.target.matches?.("#file-list [data-pick-all]")) {
      for (const box of shown) set(box, event.target.checked);
      paint();
    } else if (event.target.matches?.("#file-list [data-pick]")) {
      const from = event.shiftKey ? shown.findIndex((box) => box.value === last) : -1;
      const to = shown.indexOf(event.target);
      const range = from < 0 ? [event.target] : shown.slice(Math.min(from, to), Math.max(from, to) + 1);
      for (const box of range) set(box, event.target.checked);
      last = event.target.value;
      paint();
    } else if (event.target.closest?.("[data-many-clear]")) {
      selected.clear();
      paint();
      document.querySelector("#file-list [data-pick-all]")?.focus();
    }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !selected.size || document.querySelector("dialog:modal, [popover]:popover-open") || event.target.matches("input[type=search]")) return;
    selected.clear();
    paint();
  });
  document.addEventListener("htmx:afterSettle", paint);
  paint();
}
