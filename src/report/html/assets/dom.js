// Elements. Whatever comes from a run becomes text here, never markup.

/** An element: `props` are attributes, `on` listeners; children are elements or texts. */
function el(tag, props = {}, ...children) {
  return filled(document.createElement(tag), props, children);
}

/** The same in a drawing. */
function svg(tag, props = {}, ...children) {
  return filled(document.createElementNS("http://www.w3.org/2000/svg", tag), props, children);
}

function filled(element, { on = {}, ...attributes }, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== null && value !== false) {
      element.setAttribute(name, value === true ? "" : String(value));
    }
  }
  for (const [event, listener] of Object.entries(on)) element.addEventListener(event, listener);
  element.append(...children.filter((child) => child !== undefined && child !== null));
  return element;
}

/** Everything that an element shows, anew. */
function show(element, ...children) {
  element.replaceChildren(...children.filter((child) => child !== undefined && child !== null));
}

function button(label, action, props = {}) {
  return el("button", { type: "button", ...props, on: { click: action } }, label);
}

/** Microseconds for people: `840 µs`, `12.3 ms`, `1.52 s`. */
function duration(micros) {
  if (micros < 1000) return `${Math.round(micros)} µs`;
  if (micros < 1e6) return `${(micros / 1000).toFixed(micros < 1e5 ? 1 : 0)} ms`;
  return `${(micros / 1e6).toFixed(2)} s`;
}

/** A time of the run, in milliseconds with all its digits: times are compared. */
function moment(micros) {
  return (micros / 1000).toFixed(3);
}

function plural(count, one, many = `${one}s`) {
  return `${count.toLocaleString("en")} ${count === 1 ? one : many}`;
}

/** Runs at most once for each picture of the screen. */
function oncePerFrame(action) {
  let waits = false;
  return () => {
    if (waits) return;
    waits = true;
    requestAnimationFrame(() => {
      waits = false;
      action();
    });
  };
}

