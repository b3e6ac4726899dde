// What the page says: a language's texts, with the experimenter's own words on top.
"use strict";

Listen.texts = null;

// The text at `key` ("unsent.403"), its {placeholders} filled.
Listen.text = (key, values = {}) =>
  Listen.filled(key.split(".").reduce((found, part) => found[part], Listen.texts), values);

Listen.filled = (text, values) => text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);

Listen.source = (source) => Listen.texts.sources[source] ?? source;

// A question's title, its wording or an end of its scale, about a source.
Listen.question = (attribute, part, source = null) =>
  Listen.filled(Listen.texts.questions[attribute][part], {
    source: source === null ? Listen.texts.any_source : Listen.source(source),
  });

// What a training stimulus was: "reference", or an attribute and a level as "quality:12".
Listen.caption = (said) => {
  const [kind, level] = said.split(":");
  return Listen.filled(Listen.texts.captions[kind], { level });
};

// `base` with what `own` has instead, key by key.
Listen.merged = (base, own) => {
  const whole = { ...base };
  for (const [key, value] of Object.entries(own ?? {})) {
    const deeper = typeof value === "object" && !Array.isArray(value);
    whole[key] = deeper ? Listen.merged(base[key] ?? {}, value) : value;
  }
  return whole;
};
