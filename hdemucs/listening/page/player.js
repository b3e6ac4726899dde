// One trial's sounds: loaded, played in step, switched, looped; counts what was heard.
"use strict";

Listen.BIN = 0.1; // seconds: the grain in which what was heard of a sound is remembered
Listen.version = ""; // of the sounds: a browser may keep what it has of this one
Listen.ahead = new Map(); // bytes of the next trial's files, by path

// Bytes of a file of the test: from the server, or from within a stand-alone page.
Listen.bytes = async (path) => {
  if (Listen.embedded) {
    const text = atob(Listen.embedded[path]);
    return Uint8Array.from(text, (letter) => letter.charCodeAt(0)).buffer;
  }
  const waiting = Listen.ahead.get(path);
  Listen.ahead.delete(path);
  return (await waiting) ?? Listen.fetched(path);
};

Listen.fetched = async (path) => {
  const answer = await fetch(Listen.version ? `${path}?v=${Listen.version}` : path);
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  return answer.arrayBuffer();
};

// Load files while the listener is busy with the trial before.
Listen.prefetch = (paths) => {
  Listen.ahead.clear();
  if (Listen.embedded) return;
  for (const path of paths) Listen.ahead.set(path, Listen.fetched(path).catch(() => null));
};

Listen.Player = class {
  // `heard(index, milliseconds, bins)` is called with what was audible since the last call.
  constructor(rate, heard) {
    this.context = new AudioContext({ sampleRate: rate, latencyHint: "interactive" });
    this.heard = heard;
    this.whole = [];
    this.playing = null;
    this.offset = 0; // seconds into the region, while paused
    this.current = 0;
    this.last = 0;
    this.lastPosition = 0;
  }

  // Decodes the trial's files; the ones of the trial before are let go.
  async load(paths, progress = () => {}) {
    this.pause();
    let done = 0;
    progress(done, paths.length);
    this.whole = await Promise.all(
      paths.map(async (path) => {
        const buffer = await this.context.decodeAudioData(await Listen.bytes(path));
        progress((done += 1), paths.length);
        return buffer;
      }),
    );
    this.region(0, this.duration);
  }

  get duration() {
    return this.whole.length ? this.whole[0].duration : 0;
  }

  // How many bins a whole sound has.
  get bins() {
    return Math.max(1, Math.ceil(this.duration / Listen.BIN - 1e-6));
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

  // Whether sound can be played at all: without a device `resume` waits for ever.
  async awake() {
    if (this.context.state === "running") return true;
    const late = new Promise((resolve) => setTimeout(resolve, 4000, false));
    return Promise.race([this.context.resume().then(() => true, () => false), late]);
  }

  // Play `index`, or switch to it in step where something plays.
  async play(index) {
    if (!(await this.awake())) {
      Listen.say(Listen.text("no_sound"));
      return;
    }
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
    this.lastPosition = this.position;
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
    const [now, position] = [performance.now(), this.position];
    this.heard(this.current, now - this.last, this.passed(this.lastPosition, position, now - this.last));
    [this.last, this.lastPosition] = [now, position];
  }

  // The bins that playing from one position to another goes through, over the loop's end if need be.
  passed(from, to, milliseconds) {
    if (milliseconds / 1000 >= this.to - this.from) return this.span(this.from, this.to);
    if (to >= from) return this.span(from, to);
    return [...this.span(from, this.to), ...this.span(this.from, to)];
  }

  span(from, to) {
    const first = Math.floor(from / Listen.BIN + 1e-6);
    const last = Math.min(this.bins - 1, Math.floor(to / Listen.BIN - 1e-6));
    return Array.from({ length: Math.max(0, last - first + 1) }, (_, n) => first + n);
  }
};

// What was heard of one sound: its bins as a set that can be stored.
Listen.hear = (rating, bins) => {
  rating.bins = [...new Set([...(rating.bins ?? []), ...bins])];
};

Listen.covered = (rating, player) => Math.min(1, (rating.bins ?? []).length / player.bins);

// A rating as it is sent: the share that was heard instead of the bins.
Listen.rated = ({ bins, ...rating }, player) => ({
  ...rating,
  covered: Number(Math.min(1, (bins ?? []).length / player.bins).toFixed(3)),
});
