// One trial's sounds: loaded, played in step, switched, looped; counts what was heard.
"use strict";

// Bytes of a file of the test: from the server, or from within a stand-alone page.
Listen.bytes = async (path) => {
  if (Listen.embedded) {
    const text = atob(Listen.embedded[path]);
    return Uint8Array.from(text, (letter) => letter.charCodeAt(0)).buffer;
  }
  const answer = await fetch(path);
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  return answer.arrayBuffer();
};

Listen.Player = class {
  // `heard(index, milliseconds)` is called with what was audible since the last call.
  constructor(rate, heard) {
    this.context = new AudioContext({ sampleRate: rate, latencyHint: "interactive" });
    this.heard = heard;
    this.whole = [];
    this.playing = null;
    this.offset = 0; // seconds into the region, while paused
    this.current = 0;
    this.last = 0;
  }

  // Decodes the trial's files; the ones of the trial before are let go.
  async load(paths) {
    this.pause();
    this.whole = await Promise.all(
      paths.map(async (path) => this.context.decodeAudioData(await Listen.bytes(path))),
    );
    this.region(0, this.duration);
  }

  get duration() {
    return this.whole.length ? this.whole[0].duration : 0;
  }

  // Seconds into the whole excerpt.
  get position() {
    const length = this.to - this.from;
    if (!this.playing) return this.from + this.offset;
    const gone = Math.max(0, this.context.currentTime - this.began);
    return this.from + ((this.offset + gone) % length);
  }

  // Loop over [from, to) seconds; at least half a second.
  region(from, to) {
    const was = this.playing;
    if (was) this.pause();
    this.from = Math.max(0, Math.min(from, this.duration - Listen.SHORTEST_LOOP));
    this.to = Math.min(this.duration, Math.max(to, this.from + Listen.SHORTEST_LOOP));
    this.cuts = this.whole.map((buffer) => Listen.cut(this.context, buffer, this.from, this.to));
    this.offset = 0;
    if (was) this.play(this.current);
  }

  // Play `index`, or switch to it in step where something plays.
  async play(index) {
    await this.context.resume();
    this.count();
    this.current = index;
    const soon = this.context.currentTime + 0.01;
    if (this.playing) {
      if (this.playing.heard !== index) Listen.change(this.context, this.playing, index, soon);
    } else {
      this.began = soon;
      this.playing = Listen.start(this.context, this.cuts, index, soon, this.offset);
    }
    this.last = performance.now();
  }

  pause() {
    if (!this.playing) return;
    this.count();
    this.offset = this.position - this.from;
    Listen.stop(this.context, this.playing, this.context.currentTime);
    this.playing = null;
  }

  // Tell what was heard so far.
  count() {
    if (!this.playing) return;
    const now = performance.now();
    this.heard(this.current, now - this.last);
    this.last = now;
  }
};
