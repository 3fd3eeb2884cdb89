/** Chips that put a word into the style prompt and take it out again. A chip is pressed while its word stands in the prompt. */

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
    });
    this.refresh();
  }

  toggle(word) {
    const words = separated(this.#text.value);
    const isIn = words.some((each) => same(each, word));
    if (isIn) this.#text.value = words.filter((each) => !same(each, word)).join(", ");
    else this.#text.value = [this.#text.value.replace(/[\s,;]+$/, ""), word].filter(Boolean).join(", ");
    this.#text.dispatchEvent(new Event("input", { bubbles: true }));
  }

  refresh() {
    const words = separated(this.#text.value);
    for (const chip of this.#form.querySelectorAll("[data-style]")) {
      chip.setAttribute("aria-pressed", String(words.some((each) => same(each, chip.dataset.style))));
    }
  }
}
