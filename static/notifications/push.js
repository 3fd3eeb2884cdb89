// Adds this browser to those that take push messages. Asks for the permission only when the button is pressed.
const box = document.querySelector("[data-push]");

const bytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));
const show = (name) => {
  for (const note of ["denied", "failed"]) box.querySelector(`[data-push-${note}]`).hidden = note !== name;
};

async function add() {
  if ((await Notification.requestPermission()) !== "granted") return show("denied");
  try {
    const registration = await navigator.serviceWorker.register(box.dataset.worker);
    await navigator.serviceWorker.ready;
    const options = { userVisibleOnly: true, applicationServerKey: bytes(box.dataset.key) };
    const subscription = await registration.pushManager.subscribe(options);
    const token = JSON.parse(document.body.getAttribute("hx-headers"))["X-CSRFToken"];
    const answer = await fetch(box.dataset.url, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-CSRFToken": token },
      body: JSON.stringify(subscription),
    });
    if (!answer.ok) return show("failed");
    location.reload();
  } catch {
    show("failed");
  }
}

if (box && "serviceWorker" in navigator && "PushManager" in window && "Notification" in window) {
  box.hidden = false;
  document.querySelector("[data-push-missing]").hidden = true;
  if (Notification.permission === "denied") show("denied");
  box.querySelector("[data-push-add]").addEventListener("click", add);
}
