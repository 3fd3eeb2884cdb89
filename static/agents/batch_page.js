/** A batch that is looked at: one press lets it go once, and the contact sheet prints. */

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-print]")) print();
  if (event.target.closest("[data-start], [data-stop]") && event.detail > 1) event.preventDefault(); // the second half of a double click
});

// What was gathered has become a draft on the server.
const gathered = document.querySelector("[data-gathered]");
if (gathered) {
  try {
    sessionStorage.removeItem(gathered.dataset.gathered);
  } catch {
    // storage is blocked: nothing was kept there
  }
}
