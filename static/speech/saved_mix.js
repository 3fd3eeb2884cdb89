/** Keeps a mix as a voice of the workspace, and goes on with that voice. */

import { open } from "../js/dialogs.js";

export class SavedMix {
  #composer;
  #field;
  #dialog = document.getElementById("mix-dialog");

  constructor(form, composer) {
    this.#composer = composer;
    this.#field = form.elements.voice_id;
    if (!this.#dialog) return; // who may not speak saves none
    document.addEventListener("click", ({ target }) => target.closest("[data-mix-save]") && this.#ask());
    this.#dialog.querySelector("form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#save(event.target);
    });
  }

  #ask() {
    const name = this.#dialog.querySelector("[name=name]");
    name.value = this.#composer.mix.map((part) => part.name || part.voice_id).join(" + ").slice(0, name.maxLength);
    this.#refuse("");
    open(this.#dialog);
    name.select();
  }

  #refuse(sentence) {
    const error = this.#dialog.querySelector("[data-mix-error]");
    error.hidden = !sentence;
    error.querySelector("span").textContent = sentence;
  }

  async #save(form) {
    const button = form.querySelector("[type=submit]");
    const parts = this.#composer.mix.map(({ voice_id, weight }) => ({ voice_id, weight }));
    const { "X-CSRFToken": token } = JSON.parse(document.body.getAttribute("hx-headers"));
    const body = new URLSearchParams({ name: form.elements.name.value, timbre_weights: JSON.stringify(parts) });
    button.disabled = true;
    try {
      const response = await fetch(form.action, { method: "POST", body, headers: { "X-CSRFToken": token } });
      const answer = response.headers.get("Content-Type")?.includes("json") ? await response.json() : {};
      if (!response.ok) return this.#refuse(answer.sentence ?? form.dataset.fault);
      this.#dialog.close();
      Object.assign(this.#field.dataset, { voiceLabel: answer.name, voiceMeta: answer.meta, voiceLanguage: "" });
      this.#composer.set("timbre_weights", []);
      this.#composer.set("voice_id", answer.voice_id);
      document.dispatchEvent(new CustomEvent("toast", { detail: { text: form.dataset.saved, tone: "ok" } }));
    } catch {
      this.#refuse(form.dataset.fault);
    } finally {
      button.disabled = false;
    }
  }
}
