// Play and pause, where we are, and the loop region: the same under every kind of trial.
"use strict";

Listen.Transport = class {
  constructor(player, toggle) {
    this.player = player;
    this.play = Listen.button(Listen.text("play"), toggle, { class: "play", "aria-keyshortcuts": "Space" });
    this.head = Listen.make("span", { class: "head" });
    this.loop = Listen.make("span", { class: "loop" });
    this.from = this.edge(Listen.text("loop_from"), (value) => player.region(value, player.to));
    this.to = this.edge(Listen.text("loop_to"), (value) => player.region(player.from, value));
    this.all = Listen.button(Listen.text("loop_all"), () => this.region(0, player.duration));
    this.element = Listen.make(
      "section",
      { class: "transport", "aria-label": Listen.text("player") },
      this.play,
      Listen.make("div", { class: "time", "aria-hidden": "true" }, this.loop, this.head),
      this.from.label,
      this.to.label,
      this.all,
    );
    this.refresh();
    this.draw = this.draw.bind(this);
    requestAnimationFrame(this.draw);
  }

  edge(text, set) {
    const input = Listen.make("input", { type: "number", min: "0", step: "0.1", inputmode: "decimal" });
    input.addEventListener("change", () => {
      if (Number.isFinite(input.valueAsNumber)) set(input.valueAsNumber);
      this.refresh();
    });
    return { input, label: Listen.make("label", {}, `${text} `, input, " s") };
  }

  region(from, to) {
    this.player.region(from, to);
    this.refresh();
  }

  refresh() {
    const { from, to, duration, playing } = this.player;
    const write = (input, value) => {
      if (document.activeElement !== input) input.value = value.toFixed(1); // nobody is typing there
    };
    write(this.from.input, from);
    write(this.to.input, to);
    this.loop.style.left = `${(100 * from) / duration}%`;
    this.loop.style.width = `${(100 * (to - from)) / duration}%`;
    this.play.textContent = Listen.text(playing ? "pause" : "play");
  }

  draw() {
    if (!this.element.isConnected && this.drawn) return;
    this.drawn ||= this.element.isConnected;
    this.head.style.left = `${(100 * this.player.position) / this.player.duration}%`;
    requestAnimationFrame(this.draw);
  }

  // Space plays and pauses; [ and ] set the loop's ends to where we are, \ frees it.
  key(event) {
    const { player } = this;
    const actions = {
      " ": () => this.play.click(),
      "[": () => this.region(player.position, player.to),
      "]": () => this.region(player.from, player.position),
      "\\": () => this.region(0, player.duration),
    };
    const action = actions[event.key];
    if (!action || event.target.type === "number") return false;
    action();
    return true;
  }
};
