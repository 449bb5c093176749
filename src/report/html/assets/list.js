// A list of any length: only the rows that are seen are elements.

const LINE = 22; // height of a row, as in the style sheet

/** A list in `place`. `row(item)` makes an element; `choose(item)` is told what was clicked or reached by keys. */
function listIn(place, row, choose) {
  const body = el("div", { class: "list-body" });
  let items = [];
  let selected;
  show(place, body);
  const draw = () => {
    const first = Math.max(0, Math.floor(place.scrollTop / LINE) - 10);
    const count = Math.ceil((place.clientHeight || 600) / LINE) + 20;
    body.style.setProperty("height", `${items.length * LINE}px`);
    const shown = items.slice(first, first + count).map((item, at) => {
      const line = row(item);
      line.style.setProperty("top", `${(first + at) * LINE}px`);
      line.classList.add("row");
      line.classList.toggle("selected", item === selected);
      line.setAttribute("aria-selected", item === selected);
      line.addEventListener("click", () => choose(item));
      return line;
    });
    show(body, ...shown);
  };
  const redraw = oncePerFrame(draw);
  place.setAttribute("tabindex", "0");
  place.setAttribute("role", "listbox");
  place.addEventListener("scroll", redraw, { passive: true });
  place.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 20, PageUp: -20, Home: -items.length, End: items.length }[event.key];
    if (step === undefined || items.length === 0) return;
    event.preventDefault();
    event.stopPropagation();
    const at = items.indexOf(selected);
    choose(items[Math.min(items.length - 1, Math.max(0, at + step))]);
  });
  new ResizeObserver(redraw).observe(place);
  const reveal = (item) => {
    const at = items.indexOf(item);
    if (at < 0) return;
    const top = at * LINE;
    if (top < place.scrollTop || top > place.scrollTop + place.clientHeight - LINE) place.scrollTop = top - place.clientHeight / 3;
  };
  return {
    fill(all) {
      items = all;
      draw();
    },
    select(item) {
      selected = item;
      reveal(item);
      draw();
    },
    /** Every row as an element, up to a bound: for paper. */
    flat: (most) => items.slice(0, most).map(row),
    get items() {
      return items;
    },
  };
}

/** A thing as a row: when, where, how loud, what. */
function thingRow(thing) {
  const level = thing.kind === "record" ? LEVELS[thing.level] : thing.kind;
  return el("div", { class: `thing ${thing.kind} loud-${thing.loud}`, role: "option", "data-thing": thing.id },
    el("time", {}, moment(thing.at)), el("span", { class: "who" }, thing.process ?? "scenario"), el("span", { class: "level" }, level),
    el("span", { class: "words" }, thing.target ? el("i", {}, `${thing.target}  `) : undefined, thing.words));
}

