// What the page says to the server, and what went wrong in words.
"use strict";

// {status, content}; status 0: the server was not reached.
Listen.post = async (path, message) => {
  try {
    const reply = await fetch(path, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(message),
    });
    const text = await reply.text();
    return { status: reply.status, content: text.startsWith("{") ? JSON.parse(text) : {} };
  } catch {
    return { status: 0, content: {} };
  }
};

// Send answers. {received, before, code, redirect}, or {why}: the reason in words.
Listen.send = async (answers) => {
  const { status, content } = await Listen.post("answers", answers);
  const known = content.submission === answers.submission;
  if (status === 409) return { received: true, before: true }; // another tab was first
  if ((status === 200 || status === 201) && known) {
    return { received: true, before: status === 200, code: content.code, redirect: content.redirect };
  }
  return { why: Listen.reason(status, content.error ?? "") };
};

Listen.reason = (status, why) => {
  if (status === 0) return Listen.text(navigator.onLine ? "unsent.away" : "unsent.offline");
  const known = Listen.texts.unsent[status] ? status : "other";
  return Listen.text(`unsent.${known}`, { status, why });
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
