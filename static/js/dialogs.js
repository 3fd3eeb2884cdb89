// Dialogs: [data-open-dialog="id"] opens, [data-close-dialog] closes, so does a click beside. #drawer opens when it is filled.
document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-open-dialog]");
  if (opener) {
    opener.closest("[popover]")?.hidePopover();
    open(document.getElementById(opener.dataset.openDialog));
    return;
  }
  if (event.target.closest("[data-close-dialog]")) event.target.closest("dialog")?.close();
});

// A click on the backdrop lands on the <dialog> itself, outside its box; one that began inside (selecting text) does not count.
let began = null;
document.addEventListener("pointerdown", (event) => { began = event.target; });
document.addEventListener("click", (event) => {
  const dialog = event.target;
  if (!(dialog instanceof HTMLDialogElement) || began !== dialog) return;
  const box = dialog.getBoundingClientRect();
  const inside = event.clientX >= box.left && event.clientX <= box.right && event.clientY >= box.top && event.clientY <= box.bottom;
  if (!inside) dialog.close();
});

document.addEventListener("htmx:afterSwap", (event) => {
  const drawer = document.getElementById("drawer");
  if (event.detail.target === drawer && drawer.childElementCount) open(drawer);
});

document.addEventListener("htmx:afterRequest", (event) => {
  if (event.detail.successful && event.target.matches?.("[data-closes-dialog]")) event.target.closest("dialog")?.close();
});

export function open(dialog) {
  if (!dialog || dialog.open) return;
  dialog.showModal();
  dialog.dispatchEvent(new CustomEvent("dialog:open", { bubbles: true }));
  if (dialog.matches(".drawer")) dialog.scrollTop = 0;
}
