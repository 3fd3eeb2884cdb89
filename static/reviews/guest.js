// The review on a shared page: forms are sent without leaving what plays, the time and the point come from the player.
import { mediumOf, showPoint } from "./places.js";

function clock(seconds) {
  const whole = Math.floor(seconds);
  const rest = String(whole % 60).padStart(2, "0");
  return whole >= 3600 ? `${Math.floor(whole / 3600)}:${String(Math.floor(whole / 60) % 60).padStart(2, "0")}:${rest}` : `${Math.floor(whole / 60)}:${rest}`;
}

// Whoever begins to write means the place that is playing, unless they have given another.
document.addEventListener("input", (event) => {
  const form = event.target.closest?.("[data-new-note]");
  const at = form?.elements.at;
  if (!at) return;
  if (event.target === at) at.dataset.given = "";
  else if (event.target.name === "text" && at.dataset.given === undefined && !at.value) {
    const medium = mediumOf(form.elements.about?.value);
    if (medium?.currentTime > 0) at.value = clock(medium.currentTime);
  }
});

// A press on the picture is the point that the next note is about.
document.addEventListener("click", (event) => {
  const picture = event.target.closest?.("img.medium");
  const form = document.querySelector("[data-new-note]");
  if (!picture || !form?.elements.x || event.target.closest("a")) return;
  const about = picture.closest("[data-work]")?.dataset.work;
  if (form.elements.about && about) form.elements.about.value = about;
  const box = picture.getBoundingClientRect();
  const x = (((event.clientX - box.left) / box.width) * 100).toFixed(1);
  const y = (((event.clientY - box.top) / box.height) * 100).toFixed(1);
  form.elements.x.value = x;
  form.elements.y.value = y;
  showPoint(picture, x, y);
  form.elements.text.focus({ preventScroll: true });
});

document.addEventListener("submit", async (event) => {
  const form = event.target;
  const review = form.closest(".review");
  if (!review) return;
  event.preventDefault();
  const { submitter } = event;
  const words = new FormData(form, submitter);
  review.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(submitter?.getAttribute("formaction") || form.getAttribute("action"), { method: "POST", body: words, headers: { "X-Requested-With": "fetch" } });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.querySelector("#review");
    if (answer.ok && fresh) keepDrafts(review, fresh, form);
    else if (fresh) complain(form, page.querySelector("[role=alert], .field__error")?.textContent);
    else location.reload(); // the link has ended, or asks for its password again
  } catch {
    form.submit(); // no way through from here: the browser says what is wrong
  } finally {
    review.removeAttribute("aria-busy");
  }
});

function complain(form, text) {
  form.querySelector("[data-complaint]")?.remove();
  const line = document.createElement("p");
  line.className = "field__error";
  line.dataset.complaint = "";
  line.setAttribute("role", "alert");
  line.textContent = text?.trim() ?? "";
  form.append(line);
}

/** Show the review as it is now; what stands unsent in its other forms stays. */
function keepDrafts(review, fresh, sent) {
  const drafts = [...review.querySelectorAll("form")].filter((form) => form !== sent).flatMap((form) => [...form.elements]
    .filter((field) => field.matches("textarea") && field.value !== field.defaultValue)
    .map((field) => [form.getAttribute("action"), field.value]));
  review.replaceWith(fresh);
  for (const [action, value] of drafts) {
    const field = fresh.querySelector(`form[action="${CSS.escape(action)}"] textarea`);
    if (!field) continue;
    field.value = value;
    field.closest("details")?.setAttribute("open", "");
  }
}

// Whoever comes back to the page sees what was said meanwhile.
document.addEventListener("visibilitychange", async () => {
  const review = document.getElementById("review");
  if (document.visibilityState !== "visible" || !review) return;
  try {
    const answer = await fetch(review.dataset.review);
    const fresh = answer.ok && new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("#review");
    if (fresh) keepDrafts(review, fresh, null);
  } catch { /* another time */ }
});
