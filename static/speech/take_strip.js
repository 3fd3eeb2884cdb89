/** The cards under the stage: put in their place, refreshed until they are measured, one sound at a time. */

const MEASURING_MS = 4000; // the workspace's socket brings the waveform long before; this is for when it is down
const TRIES = 20;

export class TakeStrip {
  #list;
  #compare;

  constructor(list, compare) {
    this.#list = list;
    this.#compare = compare;
    list.addEventListener("click", ({ target }) => {
      const recall = target.closest("[data-use-settings], [data-use-text]");
      if (!recall) return;
      const withText = "useText" in recall.dataset;
      const take = withText ? recall.dataset.useText : recall.dataset.useSettings;
      recall.dispatchEvent(new CustomEvent("takes:recall", { bubbles: true, detail: { take, withText } }));
    });
    list.addEventListener(
      "play",
      ({ target }) => {
        if (target.localName !== "audio") return;
        compare.pause();
        list.dispatchEvent(new CustomEvent("takes:play", { bubbles: true }));
      },
      true,
    );
    document.addEventListener("htmx:afterSwap", ({ target }) => list.contains(target) && this.#settled());
    this.#settled();
  }

  pause() {
    for (const audio of this.#list.querySelectorAll("audio")) audio.pause();
  }

  /** Show a card as the server has drawn it, in place of its older self or on top. */
  put(html) {
    const template = document.createElement("template");
    template.innerHTML = html.trim();
    const card = template.content.firstElementChild;
    if (!card) return;
    const old = document.getElementById(card.id);
    if (old) old.replaceWith(card);
    else this.#list.prepend(card);
    htmx.process(card);
    this.#settled();
  }

  async fetch(take) {
    const response = await fetch(`${this.#list.dataset.takesUrl}/${take}/`);
    const card = document.getElementById(`take-${take}`);
    if (response.ok && (!card || card.dataset.status !== "kept")) this.put(await response.text());
  }

  #settled() {
    this.#compare.refresh();
    for (const card of this.#list.querySelectorAll("[data-unmeasured]:not([data-watched])")) {
      card.dataset.watched = "";
      this.#watch(card, TRIES);
    }
  }

  /** The waveform comes a moment after the sound; a card that is being listened to is left alone. */
  #watch(card, tries) {
    if (!tries) return;
    setTimeout(async () => {
      if (!card.isConnected || card.querySelector("studio-player[data-measured]")) return;
      const audio = card.querySelector("audio");
      const isInUse = (audio && !audio.paused) || card.contains(document.activeElement) || card.querySelector(":popover-open");
      if (isInUse) return this.#watch(card, tries);
      const response = await fetch(`${this.#list.dataset.takesUrl}/${card.dataset.take}/`);
      const html = response.ok ? await response.text() : "";
      if (html && !html.includes("data-unmeasured")) this.put(html);
      else this.#watch(card, tries - 1);
    }, MEASURING_MS);
  }
}
