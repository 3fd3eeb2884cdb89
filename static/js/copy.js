// [data-copy="text"] or [data-copy-from="#id"] puts it on the clipboard and says so.
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy], [data-copy-from]");
  if (!button) return;
  const source = button.dataset.copyFrom ? document.querySelector(button.dataset.copyFrom) : null;
  const text = source ? (source.value ?? source.textContent) : button.dataset.copy;
  const texts = document.getElementById("texts")?.dataset ?? {};
  let tone = "ok";
  try {
    await navigator.clipboard.writeText(text);
    button.dataset.copied = "";
    setTimeout(() => delete button.dataset.copied, 1600);
  } catch {
    tone = "warn";
    source?.select?.();
  }
  button.dispatchEvent(new CustomEvent("toast", { bubbles: true, detail: { text: tone === "ok" ? texts.copied : texts.copyFailed, tone } }));
});
