/**
 * One picture at a time, large. Arrows go on, 1 to 5 rate, 0 takes the rating back, p pins, x rejects, Escape closes. In the grid the
 * same keys belong to the picture that has the focus.
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
    document.addEventListener("keydown", (event) => this.#pressedInGrid(event));
    dialog.addEventListener("close", () => this.#current?.querySelector("[data-open-picture]")?.focus());
  }

  /** A card may have been drawn anew since: the picture is looked up each time. */
  get #current() {
    return this.#now && document.querySelector(`.picture[data-asset="${this.#now}"]`);
  }

  get #all() {
    return [...document.querySelectorAll(".picture:has([data-open-picture])")].filter((picture) => picture.getClientRects().length);
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
    if (rate) this.#rate(this.#current, Number(rate.dataset.rate));
    if (press("[data-pin]")) this.#pin(this.#current);
    if (press("[data-reject]")) this.#reject(this.#current);
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
    if (event.key === "ArrowRight") this.#step(this.#towards);
    else if (event.key === "ArrowLeft") this.#step(-this.#towards);
    else if (!this.#judged(event.key, this.#current)) return;
    event.preventDefault();
  }

  #pressedInGrid(event) {
    const link = event.target.closest?.("[data-open-picture]");
    if (!link || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
    const picture = link.closest(".picture");
    const next = this.#neighbour(picture, event.key);
    if (next) next.querySelector("[data-open-picture]").focus();
    else if (!this.#judged(event.key, picture)) return;
    event.preventDefault();
  }

  get #towards() {
    return document.documentElement.dir === "rtl" ? -1 : 1;
  }

  /** Where an arrow leads in the grid: along the row, or to what lies closest in the next one. */
  #neighbour(picture, key) {
    const all = this.#all;
    const along = { ArrowRight: this.#towards, ArrowLeft: -this.#towards }[key];
    if (along) return all[all.indexOf(picture) + along];
    const down = { ArrowDown: 1, ArrowUp: -1 }[key];
    if (!down) return null;
    const from = picture.getBoundingClientRect();
    const middle = (box) => box.left + box.width / 2;
    const others = all.map((other) => ({ other, box: other.getBoundingClientRect() })).filter(({ box }) => (down > 0 ? box.top >= from.bottom : box.bottom <= from.top));
    const far = ({ box }) => Math.abs(box.top - from.top) * 4 + Math.abs(middle(box) - middle(from));
    return others.sort((one, two) => far(one) - far(two))[0]?.other;
  }

  // --- what somebody thinks of it: shown at once, kept behind that ---

  /** Do what the key says about the picture; false when it says nothing, or the person may only look. */
  #judged(key, picture) {
    if (!picture || !this.#dialog.querySelector("[data-reject]")) return false;
    if (/^[0-5]$/.test(key)) this.#rate(picture, Number(key));
    else if (key.toLowerCase() === "p") this.#pin(picture);
    else if (key.toLowerCase() === "x") this.#reject(picture);
    else return false;
    return true;
  }

  #rate(picture, rating) {
    const is = opinionOf(picture);
    const taken = is.rating === rating ? 0 : rating;
    this.#cull(picture, { ...is, rating: taken, rejected: taken ? false : is.rejected });
  }

  #pin(picture) {
    const is = opinionOf(picture);
    this.#cull(picture, { ...is, pinned: !is.pinned, rejected: is.pinned && is.rejected });
  }

  #reject(picture) {
    const is = opinionOf(picture);
    this.#cull(picture, { ...is, rejected: !is.rejected, pinned: is.rejected && is.pinned });
  }

  async #cull(picture, opinion) {
    const before = opinionOf(picture);
    this.#mark(picture, opinion);
    const headers = JSON.parse(document.body.getAttribute("hx-headers"));
    const body = new URLSearchParams({ rating: opinion.rating, is_rejected: opinion.rejected, is_pinned: opinion.pinned });
    const kept = await fetch(this.#options.cullAddress(picture.dataset.asset), { method: "POST", headers, body }).catch(() => null);
    if (kept?.ok) return;
    this.#mark(picture, before);
    this.#options.say();
  }

  /** Paint it. What a filter hides from now on gives its place, and the focus, to the next one. */
  #mark(picture, opinion) {
    const all = this.#all;
    const at = all.indexOf(picture);
    const hadFocus = picture.contains(document.activeElement);
    picture.dataset.rating = opinion.rating;
    picture.toggleAttribute("data-rejected", opinion.rejected);
    picture.toggleAttribute("data-pinned", opinion.pinned);
    if (!picture.getClientRects().length) {
      const next = all[at + 1] ?? all[at - 1];
      if (hadFocus) next?.querySelector("[data-open-picture]").focus();
      if (picture === this.#current) {
        if (next) this.#show(next);
        else this.#dialog.close();
      }
    } else if (picture === this.#current) this.#paintCull(picture);
  }

  #paintCull(picture) {
    const { rating, rejected, pinned } = opinionOf(picture);
    this.#dialog.toggleAttribute("data-rejected", rejected);
    for (const star of this.#dialog.querySelectorAll("[data-rate]")) star.setAttribute("aria-pressed", String(Number(star.dataset.rate) <= rating));
    this.#dialog.querySelector("[data-pin]")?.setAttribute("aria-pressed", String(pinned));
    this.#dialog.querySelector("[data-reject]")?.setAttribute("aria-pressed", String(rejected));
  }
}

const opinionOf = ({ dataset }) => ({ rating: Number(dataset.rating), rejected: "rejected" in dataset, pinned: "pinned" in dataset });
