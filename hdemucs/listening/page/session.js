// From consent to the last page: order, progress, autosave and resume.
"use strict";

Listen.KINDS = { mushra: Listen.Mushra, mos: Listen.Mos };
Listen.COUNT_EVERY = 100; // milliseconds
Listen.SAVE_EVERY = 1000;

Listen.Session = class {
  constructor(session, parameters, settings) {
    Object.assign(this, { session, parameters, settings });
    Listen.version = session.sets;
    this.player = new Listen.Player(session.rate, (...heard) => this.page?.heard(...heard));
    document.addEventListener("keydown", (event) => this.key(event));
    setInterval(() => this.page && this.player.count(), Listen.COUNT_EVERY);
    setInterval(() => this.save(), Listen.SAVE_EVERY);
    addEventListener("pagehide", () => this.save());
    addEventListener("beforeunload", (event) => {
      const { trials, finished, sent } = this.state ?? {};
      const over = Listen.embedded ? finished : sent;
      if (this.page || (trials?.length && !over)) event.preventDefault();
    });
  }

  // The link's code, the one of this tab before a reload, or a question.
  begin() {
    const given = this.parameters.get("listener");
    const known = given ?? Listen.me.get()?.[this.session.session] ?? null;
    if (given !== null && !Listen.CODE.test(given)) {
      return Listen.show(Listen.text("cannot_open_title"), ...Listen.paragraphs(Listen.text("code_refused_link")));
    }
    if (known !== null) return this.enter(known, given);
    const [unfinished] = Listen.Store.unfinished(this.session);
    if (!unfinished) return this.consent(null);
    return Listen.resume(unfinished, () => this.enter(unfinished.listener, null), () => this.consent(null));
  }

  async enter(listener, given) {
    if (!(await this.open(listener))) return null;
    if (this.state.agreed) return this.go();
    return this.consent(given);
  }

  consent(given) {
    Listen.consent(this.session, given, Listen.minutes(this.session), async (code, about) => {
      if (this.state?.listener !== code && !(await this.open(code))) return;
      if (!this.state.agreed) Object.assign(this.state, { agreed: true, about });
      this.go();
    });
  }

  // A listener's state of this session: as it was left, or new. False: another tab has it.
  async open(listener) {
    const seed = this.parameters.get("seed") ?? `${this.session.session}|${listener}`;
    const store = new Listen.Store(this.session, listener);
    if (!(await store.own())) {
      Listen.interlude(Listen.text("other_tab_title"), [Listen.text("other_tab")], () => location.reload(),
        Listen.text("try_again"));
      return false;
    }
    this.store = store;
    Listen.me.set({ ...Listen.me.get(), [this.session.session]: listener });
    this.state = store.load() ?? {
      listener, seed, submission: Listen.token(16), started: new Date().toISOString(),
      agreed: false, about: {}, headphones: null, attention: null, step: 0, trials: [], draft: null,
      comment: "", finished: null, sent: null,
    };
    this.steps = Listen.plan(this.session, this.state, this.settings.attention);
    return true;
  }

  go() {
    this.save();
    const { state } = this;
    this.tell();
    if (state.finished) return this.submit();
    const step = this.steps[state.step];
    const next = () => {
      state.step += 1;
      this.go();
    };
    const views = {
      volume: () => this.volume(step, next),
      headphones: () => this.headphones(next),
      welcome: () => this.welcome(next),
      training: () => this.trial(step, (answers) => Listen.reveal(step.trial, answers, next)),
      block: () => this.block(step.trial, next),
      attention: () => this.attention(step, next),
      trial: () => this.trial(step, next),
      finish: () => Listen.finish((comment) => this.complete(comment)),
    };
    return views[step.kind]();
  }

  // The experimenter's status page shows how far everybody is.
  tell() {
    if (Listen.embedded || !this.state.agreed) return;
    const { listener, step } = this.state;
    Listen.post("progress", { listener, session: this.session.session, step, of: this.steps.length });
  }

  async volume(step, next) {
    this.player.current = 0;
    if (await this.load([step.path], () => this.volume(step, next))) Listen.volume(this.player, next);
  }

  headphones(next) {
    if (this.state.about.transducer !== "headphones") return next();
    return new Listen.HeadphoneCheck(this.player, this.state.seed, (result) => {
      this.state.headphones = result;
      next();
    }).view();
  }

  welcome(next) {
    const { set } = this.session;
    Listen.interlude(Listen.text("training_title"), [Listen.text("training"), Listen.text(`training_${set}`)], next);
  }

  block(trial, next) {
    if (!trial.attribute) return Listen.interlude(Listen.text("test_title"), [Listen.text("test")], next);
    const source = trial.source === "other" ? "other" : null;
    const title = Listen.text("question_now", { question: Listen.question(trial.attribute, "title") });
    return Listen.interlude(title, [Listen.question(trial.attribute, "ask", source), Listen.text("test")], next);
  }

  attention(step, next) {
    Listen.attention(step.number, (right) => {
      const { correct, of } = this.state.attention ?? { correct: 0, of: 0 };
      this.state.attention = { correct: correct + (right ? 1 : 0), of: of + 1 };
      next();
    });
  }

  // Load sounds with progress; false when they did not come, and the page offers to try again.
  async load(paths, again) {
    const line = Listen.make("p", {});
    const bar = Listen.make("progress", { max: String(paths.length), value: "0" });
    Listen.show(document.title || Listen.text("title"), line, bar);
    try {
      await this.player.load(paths, (done, count) => {
        line.textContent = Listen.text("loading", { done, count });
        bar.value = done;
      });
      return true;
    } catch {
      Listen.interlude(Listen.text("loading_failed_title"), [Listen.text("loading_failed")], again,
        Listen.text("try_again"));
      return false;
    }
  }

  async trial(step, next) {
    const { state } = this;
    const counted = this.steps.filter(({ kind }) => kind === "trial");
    const title = step.kind === "trial"
      ? Listen.text("trial_title", { number: counted.indexOf(step) + 1, count: counted.length })
      : Listen.text("training_title");
    const draft = state.draft?.trial === step.trial.id ? state.draft : { page_ms: 0, ratings: {} };
    const Kind = Listen.KINDS[this.session.set];
    const page = new Kind(this.session, step.trial, step.order, this.player, draft, () => this.save());
    if (!(await this.load(page.paths(), () => this.trial(step, next)))) return;
    Listen.prefetch(this.coming());
    this.player.current = 0;
    page.began = performance.now() - draft.page_ms; // loading is not listening
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
    this.save();
  }

  // The files of the next trial.
  coming() {
    const next = this.steps.slice(this.state.step + 1).find(({ order }) => order);
    if (!next) return [];
    const names = next.trial.reference ? [next.trial.reference, ...next.order] : next.order;
    return names.map((name) => `${next.trial.folder}/${name}`);
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
    const { listener, seed, submission, started, finished, about, headphones, attention, comment, trials } = state;
    return {
      format: session.format, test: session.test, sets: session.sets, set: session.set,
      session: session.session, listener, seed, submission, started, finished, about, headphones,
      attention, comment, agent: navigator.userAgent, trials,
    };
  }

  async submit() {
    this.save();
    if (this.state.sent) return Listen.thanks(this.answers, this.state.sent, this.leave());
    if (Listen.embedded) {
      Listen.download(this.answers);
      return Listen.thanks(this.answers, null, this.leave());
    }
    const { why, ...sent } = await Listen.send(this.answers);
    if (why) return Listen.unsent(this.answers, why, () => this.submit());
    this.state.sent = sent;
    this.save();
    return Listen.thanks(this.answers, sent, this.leave());
  }

  // The next person at this computer begins anew; a link with a code is for one person.
  leave() {
    if (this.parameters.has("listener")) return null;
    return () => {
      Listen.me.set(null);
      location.reload();
    };
  }

  key(event) {
    if (!this.page || event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.key === " " && event.target.tagName === "BUTTON") return; // presses that button
    if (this.page.key(event)) event.preventDefault();
  }
};
