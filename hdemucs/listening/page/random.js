// Seeded order: the same seed shows the same order again.
"use strict";
var Listen = {};

// 32-bit FNV-1a of a string's UTF-16 units.
Listen.hash = (text) => {
  let value = 0x811c9dc5;
  for (let place = 0; place < text.length; place++) {
    value = Math.imul(value ^ text.charCodeAt(place), 0x01000193);
  }
  return value >>> 0;
};

// Numbers in [0, 1) from a string: a Weyl sequence, mixed by multiplication and shifts.
Listen.random = (seed) => {
  let state = Listen.hash(seed);
  return () => {
    state = (state + 0x9e3779b9) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x85ebca6b);
    mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
    return ((mixed ^ (mixed >>> 16)) >>> 0) / 2 ** 32;
  };
};

// A shuffled copy (Fisher and Yates).
Listen.shuffled = (items, random) => {
  const copy = [...items];
  for (let last = copy.length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1));
    [copy[last], copy[other]] = [copy[other], copy[last]];
  }
  return copy;
};

// Hexadecimal digits that nobody has had before.
Listen.token = (bytes) =>
  [...crypto.getRandomValues(new Uint8Array(bytes))]
    .map((byte) => byte.toString(16).padStart(2, "0"))
    .join("");
