// The drawing: a lane for each process and link. What lies closer than a few pixels is one mark, so that a drawing stays small.

const MARK = 3; // pixels that a mark of its own needs
const ROW = 17; // height of a bar with its gap
const TICKS = 22; // height of the ticks
const LANE = 44; // least height of a lane: that of its name
const ROWS = 6; // bars above each other; more lie upon the last

/** A timeline in `place`. `pick(thing)` is told what was clicked. */
function drawTimeline(place, run, model, pick) {
  const times = [...model.things.flatMap((thing) => [thing.at, thing.end ?? thing.at])].sort((one, other) => one - other);
  const state = { window: [0, 1], even: true, matches: undefined, selected: undefined, hidden: new Set(), loud: 0 };
  let scale = scaleOf(times, run.took, state.even);
  const lanes = el("div", { class: "lanes" });
  const hint = el("div", { class: "hint", hidden: true, role: "tooltip" });
  show(place, lanes, hint);
  const faults = model.things.filter((thing) => thing.kind === "fault");

  const draw = () => {
    const label = 168;
    const width = Math.max(320, place.clientWidth - label - 2);
    const [from, to] = state.window;
    const x = (time) => ((scale.place(time) - from) / (to - from)) * width;
    const frame = { width, x, state, faults, run };
    const shown = model.lanes.filter((lane) => !lane.process || !state.hidden.has(lane.process));
    show(lanes, axis(frame, scale), ...shown.map((lane) => laneRow(lane, model, frame)));
  };
  const redraw = oncePerFrame(draw);

  const look = (from, to) => {
    const least = 1e-5;
    const middle = (from + to) / 2;
    const size = Math.min(1, Math.max(least, to - from));
    const start = Math.min(Math.max(0, middle - size / 2), 1 - size);
    state.window = [start, start + size];
    redraw();
  };
  const zoom = (factor, at) => {
    const [from, to] = state.window;
    const center = at ?? (from + to) / 2;
    look(center - (center - from) * factor, center + (to - center) * factor);
  };
  const pan = (share) => {
    const [from, to] = state.window;
    look(from + (to - from) * share, to + (to - from) * share);
  };
  mouse(lanes, hint, state, model, { draw: redraw, zoom, pan, look, pick });
  new ResizeObserver(redraw).observe(place);

  return {
    state, redraw, draw, zoom, pan,
    fit: () => look(0, 1),
    spread(even) {
      state.even = even;
      scale = scaleOf(times, run.took, even);
      look(0, 1);
    },
    /** Moves what is seen so that the thing is in it. */
    reveal(thing) {
      const at = scale.place(thing.at);
      const [from, to] = state.window;
      if (at < from || at > to) look(at - (to - from) / 2, at + (to - from) / 2);
      redraw();
    },
  };
}

function axis({ width, x, state }, scale) {
  const marks = axisTimes(scale, state.window, width).flatMap((time) => {
    const at = x(time);
    if (at < -1 || at > width + 1) return [];
    const anchor = at > width - 40 ? "end" : at < 20 ? "start" : "middle";
    return [svg("line", { x1: at, x2: at, y1: 16, y2: 22, class: "axis-mark" }), svg("text", { x: at, y: 12, "text-anchor": anchor, class: "axis-text" }, duration(time))];
  });
  return el("div", { class: "lane axis" }, el("div", { class: "lane-name" }, "time"), svg("svg", { width, height: 22 }, ...marks));
}

function laneRow(lane, model, frame) {
  const own = model.things.filter((thing) => (lane.kind === "steps" ? !thing.lane : thing.lane === lane));
  const parts = [];
  let height = 8;
  if (lane.kind === "process") parts.push(...lane.boots.map((boot) => bootBand(boot, frame)));
  if (frame.run.teardown !== undefined && lane.kind !== "steps") {
    const at = Math.max(0, frame.x(frame.run.teardown));
    if (at < frame.width) parts.push(svg("rect", { x: at, y: 0, width: frame.width - at, height: "100%", class: "teardown" }));
  }
  for (const fault of frame.faults) {
    const at = frame.x(fault.at);
    if (at >= 0 && at <= frame.width) parts.push(svg("line", { x1: at, x2: at, y1: 0, y2: "100%", class: `fault-line ${fault.fault.planned ? "planned" : ""}` }));
  }
  const bars = own.filter((thing) => thing.kind === "call" || thing.kind === "request");
  if (bars.length > 0) {
    const rows = packed(bars, frame);
    rows.forEach(({ thing, row, left, right }) => parts.push(barMark(thing, left, right, 4 + row * ROW, frame)));
    height = 4 + ROW * (1 + Math.max(0, ...rows.map(({ row }) => row)));
  }
  const points = own.filter((thing) => thing.kind !== "call" && thing.kind !== "request");
  if (points.length > 0) {
    height = Math.max(LANE, height + (lane.kind === "steps" ? 30 : TICKS));
    parts.push(...(lane.kind === "steps" ? stepMarks(points, frame, height) : tickMarks(points, frame, height)));
  }
  const label = el("div", { class: "lane-name" }, el("strong", {}, lane.name), el("span", {}, lane.note));
  const drawing = svg("svg", { width: frame.width, height: Math.max(height, LANE), role: "img", "aria-label": `${lane.name}: ${plural(own.length, "thing")}` }, ...parts);
  return el("div", { class: `lane ${lane.kind}`, "data-lane": lane.id }, label, drawing);
}

function bootBand(boot, { x, width, run }) {
  const left = Math.max(0, x(boot.started));
  const right = Math.min(width, x(boot.exit?.[0] ?? run.took));
  const band = svg("rect", { x: left, y: 0, width: Math.max(0, right - left), height: "100%", class: "boot" });
  if (boot.ready === undefined) return band;
  const ready = Math.min(width, Math.max(left, x(boot.ready)));
  return svg("g", {}, band, svg("rect", { x: left, y: 0, width: ready - left, height: "100%", class: "booting" }));
}

/** Bars in rows, so that none hides another as long as there is room. */
function packed(bars, { x, width }) {
  const ends = [];
  const placed = [];
  let last = [];
  for (const thing of bars) {
    const left = Math.max(-4, x(thing.at));
    const right = Math.min(width + 4, Math.max(x(thing.end), left + MARK));
    if (right < 0 || left > width) continue;
    let row = ends.findIndex((end) => end <= left);
    if (row < 0) row = Math.min(ends.length, ROWS - 1);
    // Where the last row is full, bars of the same pixels are one.
    if (row === ROWS - 1 && last[0] === Math.round(left / MARK) && last[1] === Math.round(right / MARK)) continue;
    if (row === ROWS - 1) last = [Math.round(left / MARK), Math.round(right / MARK)];
    ends[row] = Math.max(ends[row] ?? 0, right + 2);
    placed.push({ thing, row, left, right });
  }
  return placed;
}

function classes(thing, { state }) {
  const off = thing.loud < state.loud && thing.kind === "record";
  const missed = state.matches && !state.matches.has(thing.id);
  return `${thing.id === state.selected ? " selected" : ""}${off || missed ? " faint" : ""}`;
}

function barMark(thing, left, right, y, frame) {
  const width = right - left;
  const height = ROW - 4;
  const tone = thing.good ? "good" : "bad";
  const parts = [svg("rect", { x: left, y, width, height, rx: thing.kind === "call" ? 6 : 2, class: "bar" })];
  if (thing.kind === "request") {
    const cell = width / PHASES.length;
    if (width >= 4 * PHASES.length) {
      PHASES.forEach((_, phase) => {
        const done = phase < thing.request.phases ? "done" : "open";
        parts.push(svg("rect", { x: left + phase * cell + 0.5, y: y + height - 3, width: cell - 1, height: 3, class: `phase ${done}` }));
      });
    }
    if (!thing.request.finished) parts.push(svg("rect", { x: right - 3, y, width: 3, height, class: "broken-end" }));
  }
  if (width > 44) {
    const room = Math.floor((width - 10) / 6.1);
    parts.push(svg("text", { x: Math.max(left, 0) + 5, y: y + 9.5, class: "bar-text" }, fitting(thing, room)));
  }
  return svg("g", { class: `mark ${thing.kind} ${tone}${classes(thing, frame)}`, "data-thing": thing.id }, ...parts);
}

/** As much of a label as there is room for; of a request its method, and the end of its path, which tells it from others. */
function fitting({ kind, label }, room) {
  if (label.length <= room) return label;
  const method = label.slice(0, label.indexOf(" ") + 1);
  if (kind === "request" && room > method.length + 6) return `${method}…${label.slice(label.length - room + method.length + 1)}`;
  return `${label.slice(0, Math.max(1, room - 1))}…`;
}

function tickMarks(points, frame, bottom) {
  const buckets = new Map();
  for (const thing of points) {
    const at = frame.x(thing.at);
    if (at < -MARK || at > frame.width + MARK) continue;
    if (thing.kind === "record" && thing.loud < frame.state.loud) continue;
    if (frame.state.matches && !frame.state.matches.has(thing.id)) continue;
    const own = thing.kind === "record" ? "" : thing.id;
    const key = `${Math.floor(at / MARK)}${own}`;
    const known = buckets.get(key);
    const loudest = !known || thing.id === frame.state.selected || (known.thing.id !== frame.state.selected && (thing.loud > known.thing.loud || (thing.trace && !known.thing.trace)));
    buckets.set(key, { at: known?.at ?? at, count: (known?.count ?? 0) + 1, thing: loudest ? thing : known.thing });
  }
  return [...buckets.values()].map(({ at, count, thing }) => pointMark(thing, at, count, bottom - 3, frame));
}

function pointMark(thing, at, count, base, frame) {
  const props = { class: `mark ${thing.kind} loud-${thing.loud}${thing.trace ? " trace" : ""}${classes(thing, frame)}`, "data-thing": thing.id, "data-count": count };
  if (thing.kind === "start") return svg("path", { ...props, d: `M${at},${base - 12} l7,6 l-7,6 z` });
  if (thing.kind === "exit") return svg("g", props, svg("path", { d: `M${at - 4},${base - 10} l8,8 m0,-8 l-8,8` }), svg("rect", { x: at - 6, y: base - 13, width: 12, height: 14, class: "hit-area" }));
  if (thing.kind === "hit") return svg("circle", { ...props, cx: at, cy: base - 6, r: 4 });
  const height = 5 + 3 * thing.loud;
  const trace = thing.trace ? [svg("circle", { cx: at + 1, cy: base - height - 3, r: 3 })] : [];
  return svg("g", props, svg("rect", { x: at, y: base - height, width: 2, height }), ...trace, svg("rect", { x: at - 1, y: base - 18, width: 4, height: 19, class: "hit-area" }));
}

function stepMarks(points, frame, height) {
  let free = 0;
  return points.flatMap((thing) => {
    const at = frame.x(thing.at);
    if (at < -MARK || at > frame.width + MARK) return [];
    const y = height - 10;
    const props = { class: `mark ${thing.kind}${thing.fault?.planned ? " planned" : ""}${classes(thing, frame)}`, "data-thing": thing.id };
    if (thing.kind === "step") return [svg("circle", { ...props, cx: at, cy: y, r: 4 })];
    const right = at + 9 + thing.label.length * 6.4 > frame.width;
    const label = at >= free || right ? [svg("text", { x: right ? at - 9 : at + 9, y: y - 8, "text-anchor": right ? "end" : "start" }, thing.label)] : [];
    free = at + 12 + thing.label.length * 6.4;
    return [svg("g", props, svg("path", { d: `M${at},${y - 7} l7,7 l-7,7 l-7,-7 z` }), ...label)];
  });
}

/** Hover shows words, a click picks, a drag looks closer, a wheel with Ctrl zooms and without moves sideways. */
function mouse(lanes, hint, state, model, { zoom, pan, look, pick }) {
  const thingAt = (event) => {
    const mark = event.target.closest?.("[data-thing]");
    return mark ? { thing: model.things[model.byId.get(mark.dataset.thing)], count: Number(mark.dataset.count ?? 1) } : undefined;
  };
  const share = (event) => {
    const drawing = lanes.querySelector("svg").getBoundingClientRect();
    const [from, to] = state.window;
    return from + ((event.clientX - drawing.left) / drawing.width) * (to - from);
  };
  let drag;
  lanes.addEventListener("pointermove", (event) => {
    const found = thingAt(event);
    hint.hidden = !found || drag !== undefined;
    if (!found || drag !== undefined) return;
    const more = found.count > 1 ? [el("em", {}, `and ${plural(found.count - 1, "more")} here`)] : [];
    const level = found.thing.kind === "record" ? LEVELS[found.thing.level] : found.thing.kind;
    show(hint, el("b", {}, `${moment(found.thing.at)} ms  ${found.thing.process ?? ""}  ${level}`), el("span", {}, found.thing.words.slice(0, 300)), ...more);
    const box = lanes.parentElement.getBoundingClientRect();
    const left = Math.min(event.clientX - box.left + 14, box.width - 380);
    hint.style.setProperty("left", `${Math.max(0, left)}px`);
    hint.style.setProperty("top", `${event.clientY - box.top + 16}px`);
  });
  lanes.addEventListener("pointerleave", () => (hint.hidden = true));
  lanes.addEventListener("click", (event) => {
    const found = thingAt(event);
    if (found) pick(found.thing);
  });
  lanes.addEventListener("dblclick", () => look(0, 1));
  lanes.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || !event.target.closest("svg")) return;
    drag = { from: share(event), x: event.clientX };
  });
  addEventListener("pointerup", (event) => {
    if (drag && Math.abs(event.clientX - drag.x) > 6) {
      const to = share(event);
      look(Math.min(drag.from, to), Math.max(drag.from, to));
    }
    drag = undefined;
  });
  lanes.addEventListener("wheel", (event) => {
    if (event.ctrlKey || event.metaKey) {
      event.preventDefault();
      zoom(event.deltaY > 0 ? 1.25 : 0.8, share(event));
    } else if (event.deltaX !== 0 || event.shiftKey) {
      event.preventDefault();
      pan((event.deltaX || event.deltaY) / 1000);
    }
  }, { passive: false });
}

