// Answers survive a reload, a closed window and a server that is away.
"use strict";

Listen.Store = class {
  constructor(session, listener) {
    this.key = `listen/${session.sets}/${session.session}/${listener}`;
  }

  load() {
    try {
      return JSON.parse(localStorage.getItem(this.key));
    } catch {
      return null;
    }
  }

  save(state) {
    try {
      localStorage.setItem(this.key, JSON.stringify(state));
    } catch {
      Listen.say("This browser cannot keep your answers: please finish without closing the page.");
    }
  }

  static lastListener() {
    try {
      return localStorage.getItem("listen/listener");
    } catch {
      return null;
    }
  }

  static remember(listener) {
    try {
      if (listener === null) localStorage.removeItem("listen/listener");
      else localStorage.setItem("listen/listener", listener);
    } catch {
      // Without storage the code lives as long as the page.
    }
  }
};

// Send answers; true when the server has them safely, for the first time or again.
Listen.send = async (answers) => {
  try {
    const reply = await fetch("answers", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(answers),
    });
    return reply.ok && (await reply.json()).submission === answers.submission;
  } catch {
    return false;
  }
};

Listen.download = (answers) => {
  const blob = new Blob([JSON.stringify(answers, null, 2)], { type: "application/json" });
  const link = Listen.make("a", {
    href: URL.createObjectURL(blob),
    download: `${answers.session}-${answers.submission}.json`,
  });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
};
