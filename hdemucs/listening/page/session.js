// From the first page to the last: order, progress, autosave and resume.
"use strict";

Listen.KINDS = { mushra: Listen.Mushra, mos: Listen.Mos };
Listen.COUNT_EVERY = 100; // milliseconds
Listen.SAVE_EVERY = 1000;

Listen.Session = class {
  constructor(session, parameters) {
    this.session = session;
    this.parameters = parameters;
    this.player = new Listen.Player(session.rate, (...heard) => this.page?.heard(...heard));
    document.addEventListener("keydown", (event) => this.key(event));
    setInterval(() => this.page && this.player.count(), Listen.COUNT_EVERY);
    setInterval(() => this.save(), Listen.SAVE_EVERY);
    addEventListener("pagehide", () => this.save());
  }

  begin() {
    const listener =
      this.parameters.get("listener") ?? Listen.Store.lastListener() ?? Listen.token(4);
    this.open(listener);
    if (this.state.agreed) this.go();
    else Listen.consent(this.session, listener, (code, about) => this.agree(code, about));
  }

  // A listener's state of this session: as it was left, or new.
  open(listener) {
    const seed = this.parameters.get("seed") ?? `${this.session.session}|${listener}`;
    this.store = new Listen.Store(this.session, listener);
    this.state = this.store.load() ?? {
      listener, seed, submission: Listen.token(16), started: new Date().toISOString(),
      agreed: false, about: {}, headphones: null, step: 0, trials: [], draft: null, comment: "",
      finished: null, sent: false,
    };
    this.steps = this.plan();
  }

  agree(code, about) {
    if (code !== this.state.listener) this.open(code);
    Listen.Store.remember(code);
    Object.assign(this.state, { agreed: true, about });
    this.go();
  }

  // Everything that comes, in this listener's order.
  plan() {
    const { session, state } = this;
    const order = (trial) => Listen.shuffled(trial.stimuli, Listen.random(`${state.seed}|${trial.id}`));
    const trial = (kind) => (found) => ({ kind, trial: found, order: order(found) });
    const blocks = session.blocks.map((block, place) => [
      { kind: "block", trial: block[0] },
      ...Listen.shuffled(block, Listen.random(`${state.seed}|block ${place}`)).map(trial("trial")),
    ]);
    return [
      { kind: "headphones" },
      { kind: "welcome" },
      ...session.training.map(trial("training")),
      ...blocks.flat(),
      { kind: "finish" },
    ];
  }

  go() {
    this.save();
    const { state } = this;
    if (state.finished) return this.submit();
    const step = this.steps[state.step];
    const next = () => {
      state.step += 1;
      this.go();
    };
    const views = {
      headphones: () => this.headphones(next),
      welcome: () => this.welcome(next),
      training: () => this.trial(step, (answers) => Listen.reveal(this.session, step.trial, answers, next)),
      block: () => this.block(step.trial, next),
      trial: () => this.trial(step, next),
      finish: () => Listen.finish((comment) => this.complete(comment)),
    };
    return views[step.kind]();
  }

  headphones(next) {
    if (this.state.about.transducer !== "headphones") return next();
    return new Listen.HeadphoneCheck(this.player, this.state.seed, (result) => {
      this.state.headphones = result;
      next();
    }).view();
  }

  welcome(next) {
    Listen.interlude("Training", [
      "First a few examples to learn the sounds and the page. They are not counted.",
      this.session.set === "mushra"
        ? "One of the stimuli is the reference itself: it deserves the top of the scale. Only the " +
          "slider of what you hear can be moved."
        : "Listen to each clip as often as you like, then answer both questions.",
    ], next);
  }

  block(trial, next) {
    if (!trial.attribute) return Listen.interlude("The test", ["From now on your answers count."], next);
    const question = this.session.questions[trial.attribute];
    return Listen.interlude(`The question now: ${question.title}`, [
      Listen.named(question.ask, this.session, trial.source === "other" ? "other" : "instrument"),
      "From now on your answers count. Take a break whenever you like.",
    ], next);
  }

  async trial(step, next) {
    const { state } = this;
    const counted = this.steps.filter(({ kind }) => kind === "trial");
    const title = step.kind === "trial"
      ? `${counted.indexOf(step) + 1} of ${counted.length}`
      : "Training";
    Listen.show(title, ...Listen.paragraphs("Loading the sounds …"));
    const draft = state.draft?.trial === step.trial.id ? state.draft : { page_ms: 0, ratings: {} };
    const Kind = Listen.KINDS[this.session.set];
    const page = new Kind(this.session, step.trial, step.order, this.player, draft, () => this.save());
    try {
      await this.player.load(page.paths());
    } catch {
      return Listen.interlude("The sounds did not come", ["Please check the connection."], () => this.trial(step, next), "Try again");
    }
    this.player.current = 0;
    this.page = page;
    const done = () => {
      this.player.pause();
      const ratings = page.answer();
      const { page_ms } = page.draw();
      this.page = null;
      state.draft = null;
      if (step.kind === "trial") {
        state.trials.push({ trial: step.trial.id, position: state.trials.length + 1, page_ms, ratings });
      }
      next(ratings);
    };
    const view = page.view(done, this.parameters.get("numbers") !== "no");
    Listen.show(title, view);
    page.refresh();
    return this.save();
  }

  save() {
    if (!this.state?.agreed) return;
    if (this.page) {
      this.player.count();
      const { trial } = this.page;
      this.state.draft = { trial: trial.id, ...this.page.draw() };
    }
    this.store.save(this.state);
  }

  complete(comment) {
    Object.assign(this.state, { comment, finished: new Date().toISOString() });
    this.submit();
  }

  get answers() {
    const { session, state } = this;
    const { listener, seed, submission, started, finished, about, headphones, comment, trials } = state;
    return {
      format: session.format, test: session.test, sets: session.sets, set: session.set,
      session: session.session, listener, seed, submission, started, finished, about, headphones,
      comment, agent: navigator.userAgent, trials,
    };
  }

  async submit() {
    this.save();
    if (this.state.sent) return Listen.thanks(this.answers, true);
    if (Listen.embedded) {
      Listen.download(this.answers);
      return Listen.thanks(this.answers, false);
    }
    this.state.sent = await Listen.send(this.answers);
    this.save();
    if (!this.state.sent) return Listen.unsent(this.answers, () => this.submit());
    Listen.Store.remember(null);
    return Listen.thanks(this.answers, true);
  }

  key(event) {
    if (!this.page || event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.key === " " && event.target.tagName === "BUTTON") return; // presses that button
    if (this.page.key(event)) event.preventDefault();
  }
};

Listen.main = async () => {
  const parameters = new URLSearchParams(location.search);
  try {
    const list = Listen.content ? null : await (await fetch("sessions.json")).json();
    const name = parameters.get("session");
    if (!Listen.content && !name) return Listen.choose(list);
    const found = list?.sessions.find(({ session }) => session === name);
    if (!Listen.content && !found) throw new Error("no such session");
    const session =
      Listen.content ?? (await (await fetch(`${found.set}/sessions/${found.session}.json`)).json());
    Listen.running = new Listen.Session(session, parameters);
    return Listen.running.begin();
  } catch {
    return Listen.show("The test cannot be opened",
      ...Listen.paragraphs("Check the link that you were given, or ask the experimenter."));
  }
};

Listen.main();
