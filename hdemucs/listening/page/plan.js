// What one listener goes through, in their own order, and how long it will take.
"use strict";

Listen.plan = (session, state, attention) => {
  const order = (trial) => Listen.shuffled(trial.stimuli, Listen.random(`${state.seed}|${trial.id}`));
  const trial = (kind) => (found) => ({ kind, trial: found, order: order(found) });
  const blocks = session.blocks.map((block, place) => [
    { kind: "block", trial: block[0] },
    ...Listen.shuffled(block, Listen.random(`${state.seed}|block ${place}`)).map(trial("trial")),
  ]);
  if (attention) blocks.forEach((block, place) => Listen.interrupt(block, `${state.seed}|attention ${place}`));
  return [
    { kind: "volume", path: Listen.loudest(session) },
    { kind: "headphones" },
    { kind: "welcome" },
    ...session.training.map(trial("training")),
    ...blocks.flat(),
    { kind: "finish" },
  ];
};

// An attention check somewhere in the middle of a block.
Listen.interrupt = (block, seed) => {
  const random = Listen.random(seed);
  const place = 2 + Math.floor(random() * Math.max(1, block.length - 2));
  block.splice(Math.min(place, block.length), 0, { kind: "attention", number: 1 + Math.floor(5 * random()) });
};

// What the volume is set by: music, as it will be heard.
Listen.loudest = (session) => {
  const [trial] = [...session.training, ...session.blocks.flat()];
  return `${trial.folder}/${trial.reference ?? trial.stimuli[0]}`;
};

// Minutes, for who hears each sound twice and thinks a little; rounded up to five.
Listen.minutes = (session) => {
  const trials = [...session.training, ...session.blocks.flat()];
  const seconds = trials.map(({ stimuli }) => 12 + 2 * session.seconds * stimuli.length);
  return 5 * Math.ceil((120 + seconds.reduce((sum, own) => sum + own, 0)) / 300);
};
