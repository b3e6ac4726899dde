// Excerpts by name: one player an excerpt, whose sounds run in step, so that switching is a comparison.
"use strict";

Listen.texts = Listen.demo.texts;
Listen.embedded = {};

// A script with an excerpt's sounds: works from disk, where `fetch` does not.
Listen.script = (path) =>
  new Promise((resolve, reject) => {
    const script = Listen.make("script", { src: path, onload: resolve, onerror: reject });
    document.head.append(script);
  });

Listen.Excerpt = class {
  constructor(excerpt, demo) {
    Object.assign(this, { excerpt, demo });
    this.buttons = excerpt.players.map((player, index) => this.button(player, index));
    this.element = Listen.make("section", { id: excerpt.id },
      Listen.make("h3", {}, `${excerpt.track} `,
        Listen.make("small", {}, `${excerpt.source}, ${excerpt.seconds} s from ${excerpt.start} s`)),
      Listen.make("div", { class: "players", role: "group", "aria-label": excerpt.track }, ...this.buttons));
  }

  button({ name, nsdr, image }, index) {
    const score = nsdr === null ? "" : `${nsdr.toFixed(1)} dB`;
    const picture = Listen.make("span", { class: "picture" },
      Listen.make("img", { src: image, alt: `Spectrogram of ${name}`, loading: "lazy" }),
      Listen.make("span", { class: "head" }));
    return Listen.make("button", {
      type: "button", class: "player", "aria-pressed": "false", onclick: () => this.press(index),
    }, Listen.make("b", {}, Listen.make("span", { class: "nsdr" }, score), name), picture);
  }

  async press(index) {
    const { demo } = this;
    if (demo.sounding === this && demo.player.playing && demo.player.current === index) {
      demo.player.pause();
      return demo.refresh();
    }
    if (demo.sounding !== this) await this.open();
    await demo.player.play(index);
    return demo.refresh();
  }

  // The sounds of one excerpt are held at a time.
  async open() {
    const { excerpt, demo } = this;
    demo.player.pause();
    demo.sounding?.mark(-1);
    Listen.say("Loading …");
    if (!(`${excerpt.id}/0` in Listen.embedded)) await Listen.script(`sounds/${excerpt.id}.js`);
    await demo.player.load(excerpt.players.map(({ sound }) => `${excerpt.id}/${sound}`));
    demo.sounding = this;
    Listen.say("");
  }

  mark(sounding, share = null) {
    this.buttons.forEach((button, index) => {
      button.setAttribute("aria-pressed", String(index === sounding));
      button.querySelector(".head").style.left = share === null ? "-9px" : `${100 * share}%`;
    });
  }
};

Listen.Demo = class {
  constructor({ title, data, rate, excerpts }) {
    this.player = new Listen.Player(rate, () => {});
    this.sounding = null;
    this.excerpts = excerpts.map((excerpt) => new Listen.Excerpt(excerpt, this));
    const sources = [...new Set(excerpts.map(({ source }) => source))];
    const links = sources.map((source) => Listen.make("a", { href: `#source-${source}` }, source));
    const sections = sources.map((source) =>
      Listen.make("section", {}, Listen.make("h2", { id: `source-${source}` }, source),
        ...this.excerpts.filter((own) => own.excerpt.source === source).map(({ element }) => element)));
    Listen.show(title, Listen.make("nav", {}, ...links),
      Listen.make("p", { class: "note" },
        `Excerpts of ${data}, chosen by rule before any system was heard; all sounds of an excerpt have ` +
        "one gain. Press a picture to play it; another one goes on at the same moment; the same again " +
        "stops. Keys 1 to 9 switch, space pauses. Beside each name: nSDR against the reference. " +
        "Pictures: from 0 Hz to half the sample rate, the low frequencies stretched; 80 dB."),
      ...sections,
      Listen.make("p", { class: "note" },
        "The systems are named here: whoever takes part in the blind test should not have been here before."));
    document.addEventListener("keydown", (event) => this.key(event));
    const draw = () => {
      this.refresh();
      requestAnimationFrame(draw);
    };
    draw();
  }

  refresh() {
    const { player } = this;
    if (!this.sounding || !player.duration) return;
    this.sounding.mark(player.playing ? player.current : -1, player.position / player.duration);
  }

  key(event) {
    const index = "123456789".indexOf(event.key);
    if (!this.sounding || event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.key === " " && event.target.tagName !== "BUTTON") this.sounding.press(this.player.current);
    else if (index >= 0 && index < this.sounding.buttons.length) this.sounding.press(index);
    else return;
    event.preventDefault();
  }
};

Listen.running = new Listen.Demo(Listen.demo);
