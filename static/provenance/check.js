// A file that is dropped on the field, or chosen, is sent at once. Without this script the button sends it.
for (const form of document.querySelectorAll("[data-check]")) {
  const input = form.querySelector("[type=file]");
  const zone = form.querySelector(".dropzone");
  form.querySelector("[type=submit]").hidden = true;
  const send = () => { if (input.files.length) form.requestSubmit(); };
  input.addEventListener("change", send);
  for (const kind of ["dragover", "dragleave", "drop"]) {
    zone.addEventListener(kind, (event) => {
      if (![...(event.dataTransfer?.types ?? [])].includes("Files")) return;
      event.preventDefault(); // this field takes it, not the library
      zone.toggleAttribute("data-over", kind === "dragover");
      if (kind !== "drop" || !event.dataTransfer.files.length) return;
      const [file] = event.dataTransfer.files;
      const one = new DataTransfer();
      one.items.add(file);
      input.files = one.files;
      send();
    });
  }
}
