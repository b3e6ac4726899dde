// Sound without a page: fading, cutting and switching. Works in any BaseAudioContext, so that a test
// can render offline what listeners hear.
"use strict";

Listen.FADE = 0.005; // seconds; BS.1534-3, 5.3: raised cosine out, then in, never a cross-fade
Listen.SHORTEST_LOOP = 0.5; // seconds (5.3)

// `count` points of a raised cosine from 0 to 1.
Listen.rise = (count) =>
  Float32Array.from({ length: count }, (_, n) => 0.5 - 0.5 * Math.cos((Math.PI * n) / (count - 1)));

Listen.curves = (rate) => {
  const up = Listen.rise(Math.round(Listen.FADE * rate) + 1);
  return { up, down: up.slice().reverse() };
};

// The samples [start, end) seconds of a buffer, with faded ends where they are cut.
Listen.cut = (context, buffer, start, end) => {
  const first = Math.round(start * buffer.sampleRate);
  const length = Math.round(end * buffer.sampleRate) - first;
  if (first === 0 && length === buffer.length) return buffer;
  const piece = context.createBuffer(buffer.numberOfChannels, length, buffer.sampleRate);
  const { up } = Listen.curves(buffer.sampleRate);
  for (let channel = 0; channel < buffer.numberOfChannels; channel++) {
    const samples = buffer.getChannelData(channel).slice(first, first + length);
    up.forEach((gain, n) => {
      samples[n] *= gain;
      samples[length - 1 - n] *= gain;
    });
    piece.copyToChannel(samples, channel);
  }
  return piece;
};

// Fades a gain along a curve from `when` on. Returns when the fade is over: a `when` that is already
// past begins now, and another curve may only follow where this one ends.
Listen.fade = (context, { gain }, curve, when) => {
  gain.setValueCurveAtTime(curve, when, Listen.FADE);
  return Math.max(when, context.currentTime) + Listen.FADE;
};

// All buffers run together, looped, from `when` on and `offset` seconds into them; one is heard.
Listen.start = (context, buffers, heard, when, offset) => {
  const { up } = Listen.curves(context.sampleRate);
  let free = when;
  const voices = buffers.map((buffer, index) => {
    const source = new AudioBufferSourceNode(context, { buffer, loop: true });
    const gain = new GainNode(context, { gain: 0 });
    source.connect(gain).connect(context.destination);
    if (index === heard) free = Listen.fade(context, gain, up, when);
    source.start(when, offset % buffer.duration);
    return { source, gain };
  });
  return { voices, heard, free };
};

// Hear another one: out, then in. Returns when it is complete.
Listen.change = (context, playing, next, when) => {
  const { up, down } = Listen.curves(context.sampleRate);
  const begin = Math.max(when, playing.free);
  const silent = Listen.fade(context, playing.voices[playing.heard].gain, down, begin);
  playing.free = Listen.fade(context, playing.voices[next].gain, up, silent);
  playing.heard = next;
  return playing.free;
};

// Silence, and the end of all sources.
Listen.stop = (context, playing, when) => {
  const { down } = Listen.curves(context.sampleRate);
  const begin = Math.max(when, playing.free);
  const silent = Listen.fade(context, playing.voices[playing.heard].gain, down, begin);
  playing.voices.forEach(({ source }) => source.stop(silent));
  return silent;
};
