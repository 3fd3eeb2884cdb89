/**
 * Chips that put a word into the style prompt and take it out again. A chip is pressed while its word stands in the prompt, and the tab it
 * is under counts it.
 */

const separated = (text) => text.split(/[,;\n]+/).map((part) => part.trim()).filter(Boolean);
const same = (a, b) => a.toLowerCase() === b.toLowerCase();

export class StyleWords {
  #form;
  #text;

  constructor(form) {
    this.#form = form;
    this.#text = form.querySelector("#id_prompt");
    this.#text.addEventListener("input", () => this.refresh());
    form.addEventListener("click", ({ target }) => {
      const chip = target.closest("[data-style]");
      if (chip) this.toggle(chip.dataset.style);
      const tab = target.closest("[role=tab]");
      if (tab) this.open(tab);
    });
    form.querySelector("[role=tablist]").addEventListener("keydown", (event) => this.#pressed(event));
    this.refresh();
  }

  toggle(word) {
    const words = separated(this.#text.value);
    const isIn = words.some((each) => same(each, word));
    if (isIn) this.#text.value = words.filter((each) => !same(each, word)).join(", ");
    else this.#text.value = [this.#text.value.replace(/[\s,;]+$/, ""), word].filter(Boolean).join(", ");
    this.#text.dispatchEvent(new Event("input", { bubbles: true }));
  }

  get #tabs() {
    return [...this.#form.querySelectorAll("[role=tab]")].filter((tab) => !tab.hidden);
  }

  open(tab) {
    for (const each of this.#form.querySelectorAll("[role=tab]")) {
      each.setAttribute("aria-selected", String(each === tab));
      each.tabIndex = each === tab ? 0 : -1;
      document.getElementById(each.getAttribute("aria-controls")).hidden = each !== tab;
    }
  }

  /** Words about a voice are of no use to a song that nobody sings. */
  offerVoices(isSung) {
    for (const tab of this.#form.querySelectorAll("[data-sung]")) {
      tab.hidden = !isSung;
      if (tab.hidden && tab.getAttribute("aria-selected") === "true") this.open(this.#tabs[0]);
    }
  }

  #pressed(event) {
    const tabs = this.#tabs;
    const isRtl = document.documentElement.dir === "rtl";
    const at = tabs.indexOf(event.target.closest("[role=tab]"));
    const next = { ArrowRight: at + (isRtl ? -1 : 1), ArrowLeft: at + (isRtl ? 1 : -1), Home: 0, End: tabs.length - 1 }[event.key];
    if (at < 0 || next === undefined) return;
    event.preventDefault();
    const tab = tabs[(next + tabs.length) % tabs.length];
    this.open(tab);
    tab.focus();
  }

  refresh() {
    const words = separated(this.#text.value);
    for (const chip of this.#form.querySelectorAll("[data-style]")) {
      chip.setAttribute("aria-pressed", String(words.some((each) => same(each, chip.dataset.style))));
    }
    for (const tab of this.#form.querySelectorAll("[role=tab]")) {
      const count = document.getElementById(tab.getAttribute("aria-controls")).querySelectorAll('[aria-pressed="true"]').length;
      tab.querySelector("[data-chosen]").textContent = count || "";
    }
  }
}
