/** The book page: one press of a priced button is one press, and what was started is said aloud. */

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.matches("[data-once]")) return;
  if ("sending" in form.dataset) return event.preventDefault();
  form.dataset.sending = "";
});
addEventListener("pageshow", (event) => {
  if (event.persisted) for (const form of document.querySelectorAll("[data-once]")) delete form.dataset.sending;
});

// A <select> that leads to another page.
document.addEventListener("change", ({ target }) => {
  if (target.matches("[data-go]")) location.assign(target.selectedOptions[0].dataset.url);
});
