/** A batch that is looked at: one press lets it go once, and the contact sheet prints. */

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-print]")) print();
  if (event.target.closest("[data-start], [data-stop]") && event.detail > 1) event.preventDefault(); // the second half of a double click
});
document.documentElement.dataset.batch = "ready";
