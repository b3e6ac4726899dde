// The pages around the trials.
"use strict";

Listen.choose = (list) => {
  const rows = list.sessions.map(({ set, session, trials }) =>
    Listen.make("li", {},
      Listen.make("a", { href: `?session=${encodeURIComponent(session)}` }, session),
      ` ${trials} ${set === "mos" ? "clips, one at a time" : "pages of comparisons"}`),
  );
  Listen.show(`Listening test ${list.test}`,
    ...Listen.paragraphs("Choose the session that you were given."),
    Listen.make("ul", {}, ...rows));
};

Listen.consent = (session, listener, agreed) => {
  const code = Listen.make("input", {
    type: "text", value: listener, pattern: "[A-Za-z0-9_\\-]{1,40}", required: true, autocomplete: "off",
  });
  const phones = Listen.make("select", { required: true },
    ...[["", "please choose"], ["headphones", "headphones"], ["loudspeakers", "loudspeakers"]].map(
      ([value, text]) => Listen.make("option", { value }, text)));
  const years = Listen.make("input", { type: "number", min: "0", max: "90", step: "1", required: true });
  const consent = Listen.make("input", { type: "checkbox", required: true });
  const form = Listen.make("form", {},
    ...Listen.paragraphs(
      "You will hear short pieces of single instruments that were separated from music, and say how " +
        "good they sound. It takes about twenty minutes; a quiet room and headphones help.",
      "Your ratings, the times at which you made them and the answers below are stored under a code, " +
        "without your name. You may stop at any time; until you send your answers nothing leaves this " +
        "browser.",
      "Set a comfortable volume at the start and leave it there."),
    Listen.make("label", {}, "Your code ", code),
    Listen.make("label", {}, "You listen with ", phones),
    Listen.make("label", {}, "Years of musical experience ", years),
    Listen.make("label", {}, consent, " I have read this and want to take part."),
    Listen.make("button", { type: "submit" }, "Begin"));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    agreed(code.value, { transducer: phones.value, years: years.valueAsNumber });
  });
  Listen.show(`Listening test ${session.test}`, form);
};

Listen.interlude = (title, texts, next, label = "Go on") => {
  Listen.show(title, ...Listen.paragraphs(...texts), Listen.button(label, next, { class: "next" }));
};

// After a training page: what was what.
Listen.reveal = (session, trial, answers, next) => {
  const rows = answers.map(({ stimulus, attribute, score }, place) =>
    Listen.make("tr", {},
      Listen.make("td", {}, trial.attribute ? String(place + 1) : session.questions[attribute].title),
      Listen.make("td", {}, trial.captions[`${stimulus}.flac`]),
      Listen.make("td", {}, String(score))));
  const header = [trial.attribute ? "Stimulus" : "Question", "What it was", "Your rating"].map((text) => Listen.make("th", { scope: "col" }, text));
  Listen.show("What you heard",
    ...Listen.paragraphs("This was training: the rating is not counted."),
    Listen.make("table", {}, Listen.make("thead", {}, Listen.make("tr", {}, ...header)),
      Listen.make("tbody", {}, ...rows)),
    Listen.button("Go on", next, { class: "next" }));
};

Listen.finish = (submit) => {
  const comment = Listen.make("textarea", { rows: "4", maxlength: "2000" });
  Listen.show("Thank you",
    ...Listen.paragraphs("You have rated everything. Is there anything that we should know?"),
    Listen.make("label", { class: "block" }, "Comment ", comment),
    Listen.button(Listen.embedded ? "Save my answers" : "Send my answers", () => submit(comment.value), {
      class: "next",
    }));
};

Listen.thanks = (answers, sent) => {
  const text = sent
    ? "Your answers were received. You may close this page."
    : "Your answers are kept in this browser. Download them and give the file to the experimenter.";
  Listen.show("Done", ...Listen.paragraphs(text),
    Listen.button("Download my answers", () => Listen.download(answers), { class: "quiet" }));
};

Listen.unsent = (answers, again) => {
  Listen.show("Not sent yet",
    ...Listen.paragraphs("The server cannot be reached. Your answers are safe in this browser: try again, " +
      "or download them and give the file to the experimenter."),
    Listen.button("Try again", again, { class: "next" }),
    Listen.button("Download my answers", () => Listen.download(answers), { class: "quiet" }));
};
