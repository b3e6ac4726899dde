// The pages around the trials.
"use strict";

Listen.CODE = /^[A-Za-z0-9_-]{1,40}$/;

Listen.choose = (list) => {
  const rows = list.sessions.map(({ set, session, trials }) => {
    const what = Listen.text(set === "mos" ? "choose_clips" : "choose_comparisons", { count: trials });
    const link = Listen.make("a", { href: Listen.address({ session }) }, session);
    return Listen.make("li", {}, link, ` ${what}`);
  });
  Listen.show(Listen.text("title"), ...Listen.paragraphs(Listen.text("choose")),
    Listen.make("ul", {}, ...rows));
};

// This page with other parameters.
Listen.address = (changes) => {
  const parameters = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(changes)) parameters.set(name, value);
  parameters.delete("join");
  return `?${parameters}`;
};

// Somebody began here: the same person, or the next one?
Listen.resume = (state, yes, no) => {
  const date = new Date(state.started).toLocaleString(document.documentElement.lang);
  Listen.show(Listen.text("resume_title"),
    ...Listen.paragraphs(Listen.text("resume", { date, code: state.listener })),
    Listen.make("div", { class: "row" },
      Listen.button(Listen.text("resume_yes"), yes),
      Listen.button(Listen.text("resume_no"), no)));
};

// `listener`: a code that was given with the link, else it is asked for.
Listen.consent = (session, listener, minutes, agreed) => {
  const code = Listen.make("input", {
    type: "text", value: listener ?? "", required: true, readonly: listener !== null,
    autocomplete: "off", autocapitalize: "off", spellcheck: "false",
  });
  code.addEventListener("input", () =>
    code.setCustomValidity(Listen.CODE.test(code.value) ? "" : Listen.text("code_refused")));
  const options = [["", "transducer_choose"], ["headphones", "headphones"], ["loudspeakers", "loudspeakers"]];
  const phones = Listen.make("select", { required: true },
    ...options.map(([value, key]) => Listen.make("option", { value }, Listen.text(key))));
  const years = Listen.make("input", { type: "number", min: "0", max: "90", step: "1", required: true });
  const consent = Listen.make("input", { type: "checkbox", required: true });
  const form = Listen.make("form", {},
    ...Listen.paragraphs(...Listen.texts.consent.map((text) => Listen.filled(text, { minutes }))),
    Listen.make("label", {}, `${Listen.text("code")} `, code),
    Listen.make("label", {}, `${Listen.text("transducer")} `, phones),
    Listen.make("label", {}, `${Listen.text("years")} `, years),
    Listen.make("label", {}, consent, ` ${Listen.text("consent_label")}`),
    Listen.make("button", { type: "submit" }, Listen.text("begin")));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    agreed(code.value, { transducer: phones.value, years: years.valueAsNumber });
  });
  Listen.show(Listen.text("title"), form);
};

Listen.interlude = (title, texts, next, label = Listen.text("go_on")) => {
  Listen.show(title, ...Listen.paragraphs(...texts), Listen.button(label, next, { class: "next" }));
};

// Music before the first noise, so that the volume is set by what comes.
Listen.volume = (player, next) => {
  const play = Listen.button(Listen.text("play"), async () => {
    if (player.playing) player.pause();
    else await player.play(0);
    play.textContent = Listen.text(player.playing ? "pause" : "play");
    done.disabled = false;
  });
  const done = Listen.button(Listen.text("volume_done"), () => {
    player.pause();
    next();
  }, { class: "next", disabled: true });
  Listen.show(Listen.text("volume_title"), ...Listen.paragraphs(Listen.text("volume")), play, done);
};

// A question that is answered rightly by whoever reads it.
Listen.attention = (number, next) => {
  const points = [1, 2, 3, 4, 5].map((point) =>
    Listen.button(String(point), () => next(point === number)));
  Listen.show(Listen.text("attention_title"), ...Listen.paragraphs(Listen.text("attention", { number })),
    Listen.make("div", { class: "row", role: "group" }, ...points));
};

// After a training page: what was what.
Listen.reveal = (trial, answers, next) => {
  const rows = answers.map(({ stimulus, attribute, score }, place) =>
    Listen.make("tr", {},
      Listen.make("td", {}, trial.attribute ? String(place + 1) : Listen.question(attribute, "title")),
      Listen.make("td", {}, Listen.caption(trial.captions[`${stimulus}.flac`])),
      Listen.make("td", {}, String(score))));
  const first = trial.attribute ? "reveal_stimulus" : "reveal_question";
  const header = [first, "reveal_what", "reveal_rating"].map((key) =>
    Listen.make("th", { scope: "col" }, Listen.text(key)));
  Listen.show(Listen.text("reveal_title"), ...Listen.paragraphs(Listen.text("reveal")),
    Listen.make("table", {}, Listen.make("thead", {}, Listen.make("tr", {}, ...header)),
      Listen.make("tbody", {}, ...rows)),
    Listen.button(Listen.text("go_on"), next, { class: "next" }));
};

Listen.finish = (submit) => {
  const comment = Listen.make("textarea", { rows: "4", maxlength: "2000" });
  Listen.show(Listen.text("finish_title"), ...Listen.paragraphs(Listen.text("finish")),
    Listen.make("label", { class: "block" }, `${Listen.text("comment")} `, comment),
    Listen.button(Listen.text(Listen.embedded ? "save" : "send"), () => submit(comment.value), {
      class: "next",
    }));
};

// `sent`: what the server said; null where there is none.
Listen.thanks = (answers, sent, somebodyElse) => {
  const key = sent === null ? "done_kept" : sent.before ? "done_before" : "done";
  const extra = [];
  if (sent?.code) {
    extra.push(Listen.make("p", {}, `${Listen.text("completion")} `, Listen.make("strong", {}, sent.code)));
  }
  if (sent?.redirect) {
    const link = Listen.make("a", { href: sent.redirect, class: "back" }, Listen.text("redirect"));
    extra.push(Listen.make("p", {}, link));
  }
  const download = Listen.button(Listen.text("download"), () => Listen.download(answers), { class: "quiet" });
  const other = somebodyElse && Listen.button(Listen.text("somebody_else"), somebodyElse, { class: "quiet" });
  Listen.show(Listen.text("done_title"), ...Listen.paragraphs(Listen.text(key)), ...extra, download, other);
};

Listen.unsent = (answers, why, again) => {
  Listen.show(Listen.text("unsent_title"), ...Listen.paragraphs(why, Listen.text("unsent_safe")),
    Listen.button(Listen.text("try_again"), again, { class: "next" }),
    Listen.button(Listen.text("download"), () => Listen.download(answers), { class: "quiet" }));
};
