/** The outline by keyboard: Alt and an arrow move the chapter whose title has the focus, Enter goes on to the next title. */

document.addEventListener("keydown", (event) => {
  const title = event.target.closest?.(".outline__title");
  if (!title) return;
  const item = title.closest("[data-chapter]");
  if (event.altKey && (event.key === "ArrowUp" || event.key === "ArrowDown")) {
    event.preventDefault();
    document.getElementById(`${event.key === "ArrowUp" ? "up" : "down"}-${item.dataset.chapter}`)?.click();
  } else if (event.key === "Enter") {
    event.preventDefault();
    title.dispatchEvent(new Event("change", { bubbles: true }));
    (item.nextElementSibling?.querySelector(".outline__title") ?? title).focus();
  }
});
