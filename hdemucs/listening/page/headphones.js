// Headphones or not: Huggins pitch, a tone that exists only between two ears.
//
// White noise goes to both ears alike, but through an all-pass filter around 600 Hz in one of them:
// its phase turns by a full circle within a narrow band, which is heard as a faint tone, through
// headphones alone (after Milne et al. 2021; tones of our own).
"use strict";

Listen.HUGGINS = { frequency: 600, quality: 12, seconds: 1, pause: 0.4, trials: 6, pass: 5 };

// Three bursts of noise, the tone in burst `place`; an AudioBuffer.
Listen.huggins = async (rate, place, random) => {
  const { frequency, quality, seconds, pause } = Listen.HUGGINS;
  const slot = seconds + pause;
  const context = new OfflineAudioContext(2, Math.round(3 * slot * rate), rate);
  const merger = new ChannelMergerNode(context, { numberOfInputs: 2 });
  merger.connect(context.destination);
  for (let burst = 0; burst < 3; burst++) {
    const noise = context.createBuffer(1, Math.round(seconds * rate), rate);
    const samples = noise.getChannelData(0);
    const fade = Listen.rise(Math.round(0.02 * rate));
    samples.forEach((_, n) => (samples[n] = 0.2 * (random() + random() + random() - 1.5)));
    fade.forEach((gain, n) => {
      samples[n] *= gain;
      samples[samples.length - 1 - n] *= gain;
    });
    const source = new AudioBufferSourceNode(context, { buffer: noise });
    const turned = new BiquadFilterNode(context, { type: "allpass", frequency, Q: quality });
    source.connect(merger, 0, 0);
    if (burst === place) source.connect(turned).connect(merger, 0, 1);
    else source.connect(merger, 0, 1);
    source.start(burst * slot);
  }
  return context.startRendering();
};

Listen.HeadphoneCheck = class {
  constructor(player, seed, done) {
    Object.assign(this, { player, done });
    this.random = Listen.random(`${seed}|headphones`);
    this.correct = 0;
    this.trial = 0;
  }

  async view() {
    const { trials } = Listen.HUGGINS;
    this.place = Math.floor(3 * this.random());
    this.sound = await Listen.huggins(this.player.context.sampleRate, this.place, this.random);
    const answers = [0, 1, 2].map((place) =>
      Listen.button(Listen.texts.check_answers[place], () => this.choose(place), { disabled: true }),
    );
    const play = Listen.button(Listen.text("check_play"), async () => {
      await this.player.context.resume();
      this.source?.stop();
      this.source = new AudioBufferSourceNode(this.player.context, { buffer: this.sound });
      this.source.connect(this.player.context.destination);
      this.source.start();
      answers.forEach((button) => (button.disabled = false));
    });
    Listen.show(
      Listen.text("check_title", { number: this.trial + 1, count: trials }),
      ...Listen.paragraphs(Listen.text("check")),
      play,
      Listen.make("div", { class: "row", role: "group", "aria-label": Listen.text("check_group") }, ...answers),
      Listen.button(Listen.text("check_skip"), () => this.finish(), { class: "quiet" }),
    );
  }

  choose(place) {
    this.correct += place === this.place ? 1 : 0;
    this.trial += 1;
    if (this.trial < Listen.HUGGINS.trials) this.view();
    else this.finish();
  }

  finish() {
    this.source?.stop();
    this.done({ correct: this.correct, of: this.trial });
  }
};
