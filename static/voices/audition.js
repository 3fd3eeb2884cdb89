/** Puts an audition together: voices of the picker join those that are offered. */

import { VoicePicker } from "../speech/voice_picker.js";

const form = document.querySelector("form[data-audition]");
const dialog = document.getElementById("voice-picker");
const picker = new VoicePicker(dialog, { noSample: dialog.dataset.noSample ?? "" });
const voices = form.querySelector("[data-voices]");

function add({ voice_id, name }) {
  let box = [...voices.querySelectorAll("input")].find(({ value }) => value === voice_id);
  if (!box) {
    const chip = form.querySelector("template[data-voice-chip]").content.cloneNode(true);
    box = chip.querySelector("input");
    box.value = voice_id;
    chip.querySelector("span").textContent = name;
    voices.append(chip);
  }
  box.checked = true;
  box.focus();
  box.dispatchEvent(new Event("change", { bubbles: true }));
}

form.querySelector("[data-add-voice]").addEventListener("click", () => picker.show("", add));
document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || document.querySelector("dialog[open]")) return;
  event.preventDefault();
  if (!event.repeat && !form.querySelector("[data-make]").disabled) form.requestSubmit();
});
