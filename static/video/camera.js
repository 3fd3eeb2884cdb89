/** The camera's chips: they write into the bracket at the caret, or begin a new one there. */

const BRACKET = /\[([^\[\]]*)\]/g;

export class Camera {
  #prompt;
  #say;
  #changed;

  constructor({ prompt, say, changed }) {
    this.#prompt = prompt;
    this.#say = say;
    this.#changed = changed;
    document.addEventListener("click", (event) => {
      const chip = event.target.closest("[data-move]");
      if (chip) this.#press(chip);
    });
    document.addEventListener("selectionchange", () => { if (document.activeElement === this.#prompt()) this.paint(); });
    document.addEventListener("input", (event) => { if (event.target === this.#prompt()) this.paint(); });
  }

  get #box() {
    return document.getElementById("video-camera");
  }

  #chips() {
    return [...this.#box.querySelectorAll("[data-move]")];
  }

  /** The bracket the caret is in or right behind, with those of its words that are commands. */
  #bracket() {
    const { value, selectionStart: caret } = this.#prompt();
    const known = new Map(this.#chips().map((chip) => [chip.dataset.move.toLowerCase(), chip.dataset.move]));
    for (const found of value.matchAll(BRACKET)) {
      const end = found.index + found[0].length;
      if (caret <= found.index || caret > end) continue;
      const moves = found[1].split(",").map((word) => known.get(word.trim().toLowerCase()));
      return moves.every(Boolean) ? { start: found.index, end, moves } : null;
    }
    return null;
  }

  #press(chip) {
    const { move, group } = chip.dataset;
    const together = this.#box.querySelector("[name=moves]:checked").value === "together";
    const groupOf = new Map(this.#chips().map((each) => [each.dataset.move, each.dataset.group]));
    const here = this.#bracket();
    if (here?.moves.includes(move) && (together || here.moves.length > 1 || chip.getAttribute("aria-pressed") === "true")) {
      this.#write(here, here.moves.filter((each) => each !== move));
    } else if (here && together) {
      const stays = here.moves.filter((each) => groupOf.get(each) !== group && group !== "Static" && groupOf.get(each) !== "Static");
      this.#write(here, [...stays, move]);
    } else {
      const at = here?.end ?? this.#prompt().selectionStart;
      this.#write({ start: at, end: at, moves: [] }, [move], { isNew: true });
    }
  }

  #write({ start, end }, moves, { isNew = false } = {}) {
    const prompt = this.#prompt();
    const before = prompt.value.slice(0, start);
    const after = prompt.value.slice(end);
    let piece = moves.length ? `[${moves.join(",")}]` : "";
    let caret = before.length + piece.length;
    if (isNew && before && !/[\s\]]$/.test(before)) {
      piece = ` ${piece}`;
      caret += 1;
    }
    if (isNew && after && !/^[\s,.;:!?)\]]/.test(after)) piece += " ";
    if ([...before, ...piece, ...after].length > prompt.maxLength) {
      this.#say(this.#box.querySelector("#camera-says").dataset.tooLong, "warn");
      return;
    }
    prompt.value = before + piece + after;
    prompt.setSelectionRange(caret, caret);
    this.#changed();
    this.paint();
  }

  /** Show which moves stand in the bracket at the caret. */
  paint() {
    const moves = this.#bracket()?.moves ?? [];
    for (const chip of this.#chips()) chip.setAttribute("aria-pressed", String(moves.includes(chip.dataset.move)));
    const says = this.#box.querySelector("#camera-says");
    if (!this.#box.disabled) says.textContent = moves.length > Number(this.#box.dataset.most) ? says.dataset.tooMany : "";
  }
}
