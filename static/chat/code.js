/** A button on every block of code, and the name of its language. */
const { dataset: words } = document.getElementById("chat") ?? document.body;

export function dressCode(root) {
  const blocks = root.matches?.("figure.code") ? [root] : root.querySelectorAll("figure.code");
  for (const figure of blocks) {
    const button = figure.querySelector("[data-copy-code]");
    if (!button || button.textContent) continue;
    button.textContent = words.wordCopy;
    const name = figure.querySelector("figcaption > span");
    if (!name.textContent) name.textContent = words.wordPlain;
    figure.querySelector("pre").tabIndex = 0;
  }
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy-code]");
  if (!button) return;
  await copy(button.closest("figure").querySelector("code").textContent, button);
});

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy-message]");
  if (!button) return;
  const answer = await fetch(button.dataset.copyMessage);
  if (answer.ok) await copy(await answer.text(), button);
});

async function copy(text, button) {
  const texts = document.getElementById("texts")?.dataset ?? {};
  let tone = "ok";
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    tone = "warn";
  }
  button.dispatchEvent(new CustomEvent("toast", { bubbles: true, detail: { text: tone === "ok" ? texts.copied : texts.copyFailed, tone } }));
}
