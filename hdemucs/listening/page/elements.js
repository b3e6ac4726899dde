// Building pages: elements, headings that take the focus, and the line for screen readers.
"use strict";

// An element with attributes and children; `on...` attributes are listeners.
Listen.make = (tag, attributes = {}, ...children) => {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null));
  return element;
};

// Replace the page; its heading takes the focus, so that a screen reader starts there.
Listen.show = (title, ...content) => {
  const heading = Listen.make("h1", { tabindex: "-1" }, title);
  document.getElementById("page").replaceChildren(heading, ...content.filter((part) => part));
  document.title = title;
  Listen.say("");
  heading.focus();
  window.scrollTo(0, 0);
};

Listen.say = (text) => {
  const line = document.getElementById("status");
  if (line.textContent !== text) line.textContent = text;
};

Listen.button = (text, onclick, attributes = {}) =>
  Listen.make("button", { type: "button", onclick, ...attributes }, text);

Listen.paragraphs = (...texts) => texts.map((text) => Listen.make("p", {}, text));
