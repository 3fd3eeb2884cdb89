// A notification of the browser when one of my jobs is over and this page is not in sight. Off until the person switches it on.
const KEY = "studio.notify";
const known = new Map(); // job → status, of my cards on this page

const isOn = () => "Notification" in window && Notification.permission === "granted" && localStorage.getItem(KEY) === "on";

function look() {
  const box = document.getElementById("job-notify");
  if (!box) return;
  for (const card of document.querySelectorAll(`[data-job][data-person="${box.dataset.user}"]`)) {
    const { job, status, title } = card.dataset;
    const before = known.get(job);
    known.set(job, status);
    if (!before || before === status || !["succeeded", "failed"].includes(status)) continue;
    if (document.hidden && isOn()) say(status === "succeeded" ? box.dataset.done : box.dataset.failed, title, job);
  }
}

function say(word, title, job) {
  const note = new Notification(`${word}: ${title}`, { tag: `job-${job}`, icon: document.querySelector("link[rel=icon]")?.href });
  note.addEventListener("click", () => {
    window.focus();
    document.getElementById(`job-${job}`)?.scrollIntoView({ block: "center" });
    note.close();
  });
}

function offer() {
  const box = document.getElementById("job-notify");
  if (!box || !("Notification" in window)) return;
  const input = box.querySelector("input");
  const denied = box.querySelector("[data-denied]");
  const show = () => {
    input.checked = isOn();
    denied.hidden = Notification.permission !== "denied";
  };
  box.hidden = false;
  show();
  input.addEventListener("change", async () => {
    if (input.checked && Notification.permission === "default") await Notification.requestPermission();
    localStorage.setItem(KEY, input.checked ? "on" : "off");
    show();
  });
}

offer();
look();
document.addEventListener("htmx:load", look);
document.addEventListener("htmx:oobAfterSwap", look);
