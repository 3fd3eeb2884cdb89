/**
 * One picture at a time, large. Arrows go on, 1 to 5 rate, 0 takes the rating back, x rejects, Escape closes.
 *
 * Events: `recall` {picture, what}, `reference` {picture}; `picture` is the element with data-asset.
 */

export class Lightbox extends EventTarget {
  #dialog;
  #options;
  #now = null;

  constructor(dialog, options) {
    super();
    this.#dialog = dialog;
    this.#options = options;
    document.addEventListener("click", (event) => this.#opened(event));
    dialog.addEventListener("click", (event) => this.#clicked(event));
    dialog.addEventListener("keydown", (event) => this.#pressed(event));
    dialog.addEventListener("close", () => this.#current?.querySelector("[data-open-picture]")?.focus());
  }

  /** A card may have been drawn anew since: the picture is looked up each time. */
  get #current() {
    return this.#now && document.querySelector(`.picture[data-asset="${this.#now}"]`);
  }

  get #all() {
    return [...document.querySelectorAll(".picture:has([data-open-picture])")];
  }

  #part(name) {
    return this.#dialog.querySelector(`[data-lightbox-${name}]`);
  }

  #opened(event) {
    const link = event.target.closest("[data-open-picture]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    this.#show(link.closest(".picture"));
    this.#dialog.showModal();
    this.#dialog.focus(); // the keys belong to the picture, not to the first button
  }

  #show(picture) {
    if (!picture) return;
    this.#now = picture.dataset.asset;
    const all = this.#all;
    const place = all.indexOf(picture);
    const thumbnail = picture.querySelector("img");
    const image = this.#part("picture");
    image.width = thumbnail.getAttribute("width");
    image.height = thumbnail.getAttribute("height");
    image.src = picture.querySelector("[data-open-picture]").href;
    image.alt = picture.dataset.title;
    this.#part("title").textContent = picture.dataset.title;
    this.#part("position").textContent = this.#dialog.dataset.position.replace("{now}", place + 1).replace("{total}", all.length);
    this.#part("details").href = picture.dataset.details;
    this.#part("download").href = picture.dataset.download;
    for (const link of this.#dialog.querySelectorAll("[data-lightbox-send]")) link.href = link.dataset.lightboxSend + this.#now;
    const seed = this.#dialog.querySelector('[data-recall="seed"]');
    if (seed) seed.hidden = !picture.closest("[data-pictures]").getAttribute("data-setting-seed");
    this.#dialog.querySelector('[data-lightbox-step="-1"]').hidden = place <= 0;
    this.#dialog.querySelector('[data-lightbox-step="1"]').hidden = place + 1 >= all.length;
    this.#paintCull(picture);
    const next = all[place + 1]?.querySelector("[data-open-picture]");
    if (next) new Image().src = next.href;
  }

  #step(by) {
    const all = this.#all;
    this.#show(all[all.indexOf(this.#current) + by]);
  }

  #clicked(event) {
    const press = (selector) => event.target.closest(selector);
    const step = press("[data-lightbox-step]");
    if (step) this.#step(Number(step.dataset.lightboxStep));
    const rate = press("[data-rate]");
    if (rate) this.#rate(Number(rate.dataset.rate));
    if (press("[data-reject]")) this.#reject();
    const what = press("[data-recall]")?.dataset.recall;
    if (what) this.#leaveWith("recall", { what });
    if (press("[data-use-reference]")) this.#leaveWith("reference", {});
    if (press("[data-lightbox-details]")) {
      event.preventDefault();
      const { details } = this.#current.dataset;
      this.#dialog.close();
      htmx.ajax("GET", details, "#drawer");
    }
    if (press("[data-lightbox-share]")) {
      const { share, asset } = this.#current.dataset;
      this.#dialog.close();
      htmx.ajax("POST", share, { target: "#drawer", values: { asset } });
    }
  }

  #leaveWith(type, detail) {
    const picture = this.#current;
    this.#dialog.close();
    this.dispatchEvent(new CustomEvent(type, { detail: { ...detail, picture } }));
  }

  #pressed(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const towards = document.documentElement.dir === "rtl" ? -1 : 1;
    if (event.key === "ArrowRight") this.#step(towards);
    else if (event.key === "ArrowLeft") this.#step(-towards);
    else if (!this.#dialog.querySelector("[data-reject]")) return;
    else if (/^[0-5]$/.test(event.key)) this.#rate(Number(event.key));
    else if (event.key.toLowerCase() === "x") this.#reject();
    else return;
    event.preventDefault();
  }

  // --- what somebody thinks of it: shown at once, kept behind that ---

  #rate(rating) {
    const picture = this.#current;
    const taken = Number(picture.dataset.rating) === rating ? 0 : rating;
    this.#cull(picture, { rating: taken, rejected: taken ? false : "rejected" in picture.dataset });
  }

  #reject() {
    const picture = this.#current;
    this.#cull(picture, { rating: Number(picture.dataset.rating), rejected: !("rejected" in picture.dataset) });
  }

  async #cull(picture, { rating, rejected }) {
    const before = { rating: Number(picture.dataset.rating), rejected: "rejected" in picture.dataset };
    this.#mark(picture, { rating, rejected });
    const headers = JSON.parse(document.body.getAttribute("hx-headers"));
    const body = new URLSearchParams({ rating, is_rejected: rejected });
    const kept = await fetch(this.#options.cullAddress(picture.dataset.asset), { method: "POST", headers, body }).catch(() => null);
    if (kept?.ok) return;
    this.#mark(picture, before);
    this.#options.say();
  }

  #mark(picture, { rating, rejected }) {
    picture.dataset.rating = rating;
    picture.toggleAttribute("data-rejected", rejected);
    if (picture === this.#current) this.#paintCull(picture);
  }

  #paintCull(picture) {
    const isRejected = "rejected" in picture.dataset;
    this.#dialog.toggleAttribute("data-rejected", isRejected);
    for (const star of this.#dialog.querySelectorAll("[data-rate]")) star.setAttribute("aria-pressed", String(Number(star.dataset.rate) <= Number(picture.dataset.rating)));
    this.#dialog.querySelector("[data-reject]")?.setAttribute("aria-pressed", String(isRejected));
  }
}
