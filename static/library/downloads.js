// A download in a format that has to be made first: a[data-download]. Asks until the file is there, then saves it, without leaving the page.
const PAUSE_MS = 700;

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-download]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
  event.preventDefault();
  if (link.getAttribute("aria-busy") !== "true") fetchFile(link);
});

async function fetchFile(link) {
  link.setAttribute("aria-busy", "true");
  let told = false;
  try {
    for (let again = true; ; again = false) {
      const url = new URL(link.href);
      if (again) url.searchParams.set("again", "1");
      const answer = await fetch(url, { headers: { Accept: "application/json" } });
      if (!answer.ok || !answer.headers.get("Content-Type")?.startsWith("application/json")) {
        window.location.assign(link.href); // signed out, or gone: the page says what it is
        return;
      }
      const { status, text } = await answer.json();
      if (status === "ready") {
        window.location.assign(link.href);
        return;
      }
      if (!told || status === "failed") say(text, status === "failed" ? "bad" : "info");
      if (status === "failed") return;
      told = true;
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  } catch {
    say(document.getElementById("texts")?.dataset.offline ?? "", "bad");
  } finally {
    link.removeAttribute("aria-busy");
  }
}

function say(text, tone) {
  document.dispatchEvent(new CustomEvent("toast", { detail: { text, tone } }));
}
