// Answers survive a reload, a closed window and a server that is away; one tab at a time writes.
"use strict";

Listen.Store = class {
  constructor(session, listener) {
    this.prefix = Listen.Store.prefix(session);
    this.key = this.prefix + listener;
  }

  static prefix(session) {
    return `listen/${session.sets}/${session.session}/`;
  }

  // What somebody began here and did not end, the latest first: of a session, or of any.
  static unfinished({ sets, session = null }) {
    const prefix = session === null ? `listen/${sets}/` : Listen.Store.prefix({ sets, session });
    return Listen.stored(localStorage)
      .filter(([key]) => key.startsWith(prefix) && !key.endsWith("/tab"))
      .map(([key, state]) => ({ ...state, session: key.split("/")[2] }))
      .filter((state) => state.agreed && !state.sent)
      .sort((one, two) => two.started.localeCompare(one.started));
  }

  // Whether this tab may write: true once, false where another tab has the session open.
  async own() {
    try {
      return await new Promise((resolve, reject) => {
        navigator.locks
          .request(this.key, { ifAvailable: true }, (lock) => {
            resolve(lock !== null);
            return lock && new Promise(() => {}); // held as long as this page lives
          })
          .catch(reject);
      });
    } catch {
      return this.claim(); // no Web Locks outside https and localhost
    }
  }

  // The same with a mark that its owner renews every second.
  claim() {
    const mark = `${this.key}/tab`;
    const me = Listen.token(8);
    const renew = () => Listen.put(localStorage, mark, { me, at: Date.now() });
    const found = Listen.got(localStorage, mark);
    if (found && Date.now() - found.at < 3000) return false;
    renew();
    setInterval(renew, 1000);
    addEventListener("pagehide", () => Listen.put(localStorage, mark, null));
    return true;
  }

  load() {
    return Listen.got(localStorage, this.key);
  }

  save(state) {
    if (!Listen.put(localStorage, this.key, state)) Listen.say(Listen.text("storage_full"));
  }
};

// Who sits at this tab: kept over a reload, gone with the tab.
Listen.me = {
  get: () => Listen.got(sessionStorage, "listen/me"),
  set: (code) => Listen.put(sessionStorage, "listen/me", code),
};

Listen.got = (storage, key) => {
  try {
    return JSON.parse(storage.getItem(key));
  } catch {
    return null;
  }
};

// Whether it was stored; null removes it.
Listen.put = (storage, key, value) => {
  try {
    if (value === null) storage.removeItem(key);
    else storage.setItem(key, JSON.stringify(value));
    return true;
  } catch {
    return false;
  }
};

Listen.stored = (storage) => {
  try {
    return Object.keys(storage).map((key) => [key, Listen.got(storage, key)]);
  } catch {
    return [];
  }
};
