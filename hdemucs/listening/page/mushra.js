// A MUSHRA trial: all stimuli of an excerpt against the open reference, one attribute, 0 to 100.
"use strict";

Listen.ENOUGH = 500; // milliseconds that count as having listened

// Where a key takes a slider, the same in every browser; null: that key moves none.
Listen.moved = (key, value) => {
  const steps = { ArrowUp: 1, ArrowRight: 1, ArrowDown: -1, ArrowLeft: -1, PageUp: 10, PageDown: -10, Enter: 0 };
  const ends = { Home: 0, End: 100 };
  if (key in ends) return ends[key];
  return key in steps ? Math.max(0, Math.min(100, value + steps[key])) : null;
};

Listen.Mushra = class {
  // `draft` is what was rated of this trial before a reload; `changed` saves it.
  constructor(session, trial, order, player, draft, changed) {
    Object.assign(this, { session, trial, order, player, draft, changed });
    this.began = performance.now() - draft.page_ms;
    this.files = [trial.reference, ...order];
    this.ratings = order.map((name) => draft.ratings[name] ?? Listen.Mushra.blank());
  }

  static blank() {
    return { score: null, plays: 0, played_ms: 0, first_move_ms: null, trace: [] };
  }

  paths() {
    return this.files.map((name) => `${this.trial.folder}/${name}`);
  }

  heard(index, milliseconds, bins) {
    if (index > 0) {
      this.ratings[index - 1].played_ms += Math.round(milliseconds);
      Listen.hear(this.ratings[index - 1], bins);
    }
    this.refresh();
  }

  get elapsed() {
    return Math.round(performance.now() - this.began);
  }

  get left() {
    const open = (rating) => rating.score === null || rating.played_ms < Listen.ENOUGH;
    return this.ratings.filter(open).length;
  }

  view(next, numbers) {
    this.transport = new Listen.Transport(this.player, () => this.toggle());
    this.buttons = this.files.map((_, index) => this.stimulusButton(index));
    this.sliders = this.order.map((_, index) => this.slider(index));
    this.values = this.order.map(() =>
      Listen.make("output", { class: numbers ? "value" : "value hidden", "aria-hidden": "true" }),
    );
    this.marks = this.order.map(() => Listen.make("span", { class: "mark" }));
    this.next = Listen.button(Listen.text("next"), next, { class: "next", disabled: true });
    const scale = Listen.make(
      "div",
      { class: "scale", "aria-hidden": "true" },
      ...Listen.texts.grades.map((grade, place) =>
        Listen.make("span", {}, Listen.make("b", {}, String(100 - 20 * place)), grade)),
      Listen.make("b", { class: "zero" }, "0"),
    );
    const columns = this.order.map((_, index) =>
      Listen.make(
        "div",
        { class: "column" },
        this.buttons[index + 1],
        this.sliders[index],
        this.values[index],
        this.marks[index],
      ),
    );
    const name = (part) => Listen.question(this.trial.attribute, part, this.trial.source);
    const ends = Listen.text("ends", { low: name("low"), high: name("high") });
    this.element = Listen.make(
      "div",
      { class: "mushra" },
      Listen.make("p", { class: "ask" }, name("ask")),
      Listen.make("p", { class: "ends" }, ends),
      this.transport.element,
      Listen.make(
        "div",
        { class: "board", role: "group", "aria-label": name("title") },
        Listen.make("div", { class: "column reference" }, this.buttons[0]),
        scale,
        ...columns,
      ),
      Listen.make("p", { class: "keys" }, Listen.text("keys_mushra")),
      this.next,
    );
    this.refresh();
    return this.element;
  }

  stimulusButton(index) {
    const text = index === 0 ? Listen.text("reference") : String(index);
    const attributes = { class: "stimulus", "aria-pressed": "false" };
    return Listen.button(text, () => this.hear(index), attributes);
  }

  slider(index) {
    const slider = Listen.make("input", {
      type: "range", min: "0", max: "100", step: "1", value: "50",
      "aria-label": Listen.text("rating_of", { number: index + 1 }), "aria-orientation": "vertical",
    });
    const rate = () => this.rate(index, Number(slider.value));
    slider.addEventListener("input", rate);
    slider.addEventListener("pointerup", () => slider.disabled || rate());
    slider.addEventListener("keydown", (event) => {
      const moved = Listen.moved(event.key, Number(slider.value));
      if (moved === null || slider.disabled) return;
      event.preventDefault();
      event.stopPropagation();
      slider.value = String(moved);
      rate();
    });
    return slider;
  }

  rate(index, score) {
    const rating = this.ratings[index];
    if (rating.score === score) return;
    rating.score = score;
    rating.first_move_ms ??= this.elapsed;
    if (rating.trace.length < 200) rating.trace.push([this.elapsed, score]);
    this.refresh();
    this.changed();
  }

  // Hear stimulus `index` (0: the reference), in step with what played before.
  async hear(index) {
    const again = this.player.playing && this.player.current === index;
    await this.player.play(index);
    if (index > 0 && !again) this.ratings[index - 1].plays += 1;
    this.refresh();
    this.changed();
    const slider = this.sliders[index - 1];
    (slider ?? this.buttons[0]).focus();
  }

  toggle() {
    if (this.player.playing) this.player.pause();
    else this.hear(this.player.current);
    this.refresh();
  }

  refresh() {
    if (!this.element) return;
    const sounding = this.player.playing ? this.player.current : -1;
    this.buttons.forEach((button, index) => {
      button.setAttribute("aria-pressed", String(index === sounding));
    });
    this.ratings.forEach((rating, index) => this.refreshColumn(rating, index, sounding));
    this.transport.refresh();
    this.next.disabled = this.left > 0;
    Listen.say(this.left ? Listen.text("left", { count: this.left }) : Listen.text("complete"));
  }

  refreshColumn(rating, index, sounding) {
    const slider = this.sliders[index];
    slider.disabled = index + 1 !== sounding; // BS.1534-3, 5.4: only what is heard is rated
    slider.classList.toggle("unset", rating.score === null);
    if (rating.score !== null) slider.value = String(rating.score);
    const said = rating.score === null ? Listen.text("not_rated") : String(rating.score);
    slider.setAttribute("aria-valuetext", said);
    this.values[index].textContent = rating.score ?? "–";
    const done = rating.score !== null && rating.played_ms >= Listen.ENOUGH;
    this.marks[index].textContent = done ? `✓ ${Listen.text("done_mark")}` : `○ ${Listen.text("open_mark")}`;
  }

  key(event) {
    const stimuli = ["r", ..."1234567890-="].slice(0, this.files.length);
    const index = stimuli.indexOf(event.key.toLowerCase());
    if (index >= 0 && event.target.type !== "number") this.hear(index);
    return index >= 0 || this.transport.key(event);
  }

  draw() {
    const ratings = Object.fromEntries(this.order.map((name, n) => [name, this.ratings[n]]));
    return { page_ms: this.elapsed, ratings };
  }

  answer() {
    return this.order.map((name, index) => ({
      stimulus: name.replace(/\.flac$/, ""),
      attribute: this.trial.attribute,
      ...Listen.rated(this.ratings[index], this.player),
    }));
  }
};
