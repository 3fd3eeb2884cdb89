/** What the next turn is asked with: the model picker, the switches of the composer and the drawer are one form. */
const money = new Intl.NumberFormat("en-US", { style: "currency", currency: "USD", minimumFractionDigits: 2, maximumFractionDigits: 3 });
const count = new Intl.NumberFormat(document.documentElement.lang || "en", { notation: "compact" });

export class Settings extends EventTarget {
  models = JSON.parse(document.getElementById("chat-models").textContent);
  #fields = new Map([...document.querySelectorAll("[data-setting]")].map((field) => [field.dataset.setting, field]));
  #tools = [...document.querySelectorAll("[data-tool]")];
  #hint = document.querySelector("[data-model-hint]");

  constructor() {
    super();
    const given = JSON.parse(document.getElementById("chat-given").textContent);
    if (given.functions?.length) this.#fields.get("functions").value = JSON.stringify(given.functions, null, 1);
    for (const field of this.#fields.values()) field.addEventListener("change", () => this.#changed());
    this.#changed();
  }

  get model() {
    return this.models.find(({ id }) => id === this.#fields.get("model").value);
  }

  /** As ChatForm reads it. Throws a SyntaxError when the functions are no JSON. */
  read() {
    const values = {};
    for (const [name, field] of this.#fields) {
      if (field.type === "checkbox") values[name] = field.checked;
      else if (field.value.trim() !== "") values[name] = name === "functions" ? JSON.parse(field.value) : field.value;
    }
    values.tools = this.#tools.filter((box) => box.checked).map((box) => box.dataset.tool);
    return values;
  }

  #changed() {
    const { model } = this;
    const think = this.#fields.get("thinking");
    think.disabled = model.thinking !== "switchable";
    if (think.disabled) think.checked = model.thinking === "always";
    for (const box of this.#tools) box.disabled = !model.tools;
    const surface = this.#fields.get("surface");
    for (const option of surface.options) option.disabled = !model.surfaces.includes(option.value);
    this.#fields.get("service_tier").closest(".field").hidden = !model.tiers;
    if (surface.selectedOptions[0]?.disabled) surface.value = model.surfaces[0];
    const isFree = model.input_usd === 0;
    const words = (isFree ? this.#hint.dataset.freeWords : model.input_usd === null ? "" : this.#hint.dataset.words)
      .replace("{context}", count.format(model.context))
      .replace("{input}", money.format(model.input_usd))
      .replace("{output}", money.format(model.output_usd));
    this.#hint.textContent = model.context ? words : words.slice(words.indexOf("·") + 1).trim(); // a server of one's own may not tell
    this.dispatchEvent(new Event("change"));
  }
}
