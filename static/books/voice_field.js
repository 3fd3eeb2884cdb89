/** Every [data-voice-field] of a page shares the one voice picker. The hidden input tells `change` when another voice is chosen. */

import { paintGlyph, VoicePicker } from "../speech/voice_picker.js";

const dialog = document.getElementById("voice-picker");
const picker = dialog && new VoicePicker(dialog, { noSample: dialog.dataset.noSample ?? "" });

function paint(root = document) {
  for (const field of root.querySelectorAll("[data-voice-field]")) paintGlyph(field.querySelector("[data-voice-glyph]"), field.querySelector("input").value);
  for (const glyph of root.querySelectorAll("[data-voice-mark]")) paintGlyph(glyph, glyph.dataset.voiceMark);
}

document.addEventListener("click", ({ target }) => {
  const field = target.closest("[data-voice-choose]")?.closest("[data-voice-field]");
  if (!field || !picker) return;
  const input = field.querySelector("input");
  const chosen = ({ voice_id, name, meta, language }) => {
    input.value = voice_id;
    input.dataset.voiceLanguage = language ?? "";
    field.querySelector("[data-voice-name]").textContent = name;
    field.querySelector("[data-voice-meta]").textContent = meta ?? "";
    paint(field.parentElement);
    field.querySelector("[data-voice-choose]").focus();
    input.dispatchEvent(new Event("change", { bubbles: true }));
  };
  picker.show(input.value, chosen, { language: input.dataset.voiceLanguage });
});

document.addEventListener("htmx:afterSettle", () => paint());
paint();
