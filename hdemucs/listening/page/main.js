// The beginning: texts, settings, and the session that the address asks for.
"use strict";

Listen.fault = (key, values) =>
  Listen.show(Listen.text("cannot_open_title"), ...Listen.paragraphs(Listen.text(key, values)));

Listen.json = async (path) => {
  const answer = await fetch(path);
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  return answer.json();
};

// Settings of the server, and whether it knows this page's address before anybody rates anything.
Listen.greet = async (parameters) => {
  const { status, content } = Listen.embedded ? { status: 0, content: {} } : await Listen.post("hello", {});
  const language = parameters.get("lang") ?? content.language ?? "en";
  const name = /^[a-z]{2}$/.test(language) ? language : "en";
  Listen.texts ??= await Listen.json(`page/texts/${name}.json`).catch(() => Listen.json("page/texts/en.json"));
  Listen.texts = Listen.merged(Listen.texts, content.texts);
  document.documentElement.lang = name;
  const note = document.getElementById("rehearsal");
  if (note) note.textContent = Listen.text("rehearsal");
  return { attention: false, ...content, refused: status === 403 };
};

// One link for everybody: the server says which session.
Listen.join = async (parameters) => {
  const given = parameters.get("listener") ?? parameters.get("PROLIFIC_PID") ?? Listen.me.get()?.join;
  const { sets } = await Listen.json("sessions.json");
  const [begun] = given ? [] : Listen.Store.unfinished({ sets });
  const fresh = () => Listen.assign(parameters, given ?? Listen.token(6));
  return begun ? Listen.resume(begun, () => Listen.enter(begun), fresh) : fresh();
};

Listen.enter = ({ session, listener }) => {
  history.replaceState(null, "", Listen.address({ session, listener }));
  return Listen.main();
};

Listen.assign = async (parameters, listener) => {
  if (!Listen.CODE.test(listener)) return Listen.fault("code_refused_link");
  Listen.me.set({ ...Listen.me.get(), join: listener });
  const { content } = await Listen.post("join", { listener, set: parameters.get("join") || null });
  if (!content.session) return Listen.fault("cannot_open");
  return Listen.enter({ session: content.session, listener });
};

Listen.main = async () => {
  const parameters = new URLSearchParams(location.search);
  try {
    const settings = await Listen.greet(parameters);
    if (settings.refused) return Listen.fault("cannot_open_origin", { origin: location.origin });
    if (parameters.has("join") && !Listen.content) return Listen.join(parameters);
    const list = Listen.content ? null : await Listen.json("sessions.json");
    const name = parameters.get("session");
    if (!Listen.content && !name) return Listen.choose(list);
    const found = list?.sessions.find(({ session }) => session === name);
    if (!Listen.content && !found) return Listen.fault("cannot_open");
    const session = Listen.content ?? (await Listen.json(`${found.set}/sessions/${found.session}.json`));
    Listen.running = new Listen.Session(session, parameters, settings);
    return Listen.running.begin();
  } catch {
    if (Listen.texts) return Listen.fault("cannot_open");
    return Listen.show("The test cannot be opened", "The server cannot be reached.");
  }
};

Listen.main();
