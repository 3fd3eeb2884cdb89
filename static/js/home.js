// In the box: Enter goes on, Shift-Enter is a new line.
document.querySelector("[data-ask] textarea")?.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  event.target.form.requestSubmit();
});
