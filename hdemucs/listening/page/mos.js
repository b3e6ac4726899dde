// A MOS trial: one clip without a reference, both questions, 1 to 5 (the paper's protocol).
"use strict";

Listen.POINTS = [1, 2, 3, 4, 5];

Listen.Mos = class {
  constructor(session, trial, order, player, draft, changed) {
    Object.assign(this, { session, trial, order, player, draft, changed });
    this.began = performance.now() - draft.page_ms;
    this.ratings = Object.fromEntries(
      Object.keys(session.questions).map((attribute) => [
        attribute,
        draft.ratings[attribute] ?? { score: null, plays: 0, played_ms: 0, first_move_ms: null, trace: [] },
      ]),
    );
  }

  paths() {
    return this.order.map((name) => `${this.trial.folder}/${name}`);
  }

  heard(_, milliseconds, bins) {
    for (const rating of Object.values(this.ratings)) {
      rating.played_ms += Math.round(milliseconds);
      Listen.hear(rating, bins);
    }
    this.refresh();
  }

  get elapsed() {
    return Math.round(performance.now() - this.began);
  }

  // Every part of the clip was heard, in whatever order.
  get complete() {
    const [rating] = Object.values(this.ratings);
    return Listen.covered(rating, this.player) > 0.99;
  }

  get left() {
    const open = Object.values(this.ratings).filter((rating) => rating.score === null).length;
    return open + (this.complete ? 0 : 1);
  }

  view(next) {
    this.transport = new Listen.Transport(this.player, () => this.toggle());
    this.next = Listen.button(Listen.text("next"), next, { class: "next", disabled: true });
    const scales = Object.keys(this.session.questions).map((attribute) => this.scale(attribute));
    this.element = Listen.make(
      "div",
      { class: "mos" },
      Listen.make("p", { class: "ask" }, `${Listen.text("should_hear")} `,
        Listen.make("strong", {}, Listen.source(this.trial.source)), "."),
      this.transport.element,
      ...scales,
      Listen.make("p", { class: "keys" }, Listen.text("keys_mos")),
      this.next,
    );
    this.refresh();
    return this.element;
  }

  scale(attribute) {
    const name = (part) => Listen.question(attribute, part, this.trial.source);
    const points = Listen.POINTS.map((point) => {
      const ends = { 1: name("low"), 5: name("high") };
      const radio = Listen.make("input", {
        type: "radio", name: attribute, value: String(point),
        checked: this.ratings[attribute].score === point,
      });
      radio.addEventListener("change", () => this.rate(attribute, point));
      const end = ends[point] ? Listen.make("small", {}, ends[point]) : null;
      return Listen.make("label", { class: "point" }, radio, ` ${point} `, end);
    });
    return Listen.make("fieldset", {},
      Listen.make("legend", {}, name("title")),
      Listen.make("p", {}, name("alone")),
      Listen.make("div", { class: "points" }, ...points));
  }

  rate(attribute, score) {
    const rating = this.ratings[attribute];
    rating.score = score;
    rating.first_move_ms ??= this.elapsed;
    if (rating.trace.length < 200) rating.trace.push([this.elapsed, score]);
    this.refresh();
    this.changed();
  }

  async toggle() {
    if (this.player.playing) {
      this.player.pause();
    } else {
      await this.player.play(0);
      for (const rating of Object.values(this.ratings)) rating.plays += 1;
    }
    this.refresh();
    this.changed();
  }

  refresh() {
    if (!this.element) return;
    this.transport.refresh();
    this.next.disabled = this.left > 0;
    const heard = this.complete ? "" : `${Listen.text("listen_once")} `;
    Listen.say(this.left ? heard + Listen.text("answer_both") : Listen.text("complete"));
  }

  key(event) {
    return this.transport.key(event);
  }

  draw() {
    return { page_ms: this.elapsed, ratings: this.ratings };
  }

  answer() {
    const stimulus = this.order[0].replace(/\.flac$/, "");
    return Object.entries(this.ratings).map(([attribute, rating]) => ({
      stimulus, attribute, ...Listen.rated(rating, this.player),
    }));
  }
};
