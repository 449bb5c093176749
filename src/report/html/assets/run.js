// One run: findings, timeline, its things as a list, transcript and scenario.

const PRINTED = 600; // rows of the list on paper

/** Shows a test in `place`; gives what keys do to it. `at` is the thing to begin with. */
function showRun(place, test, at, remember) {
  const run = test.timeline === undefined ? undefined : timelineOf(test.timeline);
  const name = text(test.name);
  const command = test.command === undefined ? [] : [el("p", { class: "command" }, el("code", {}, text(test.command)))];
  const head = el("header", { class: "run-head" }, el("h2", {}, el("span", { class: `badge ${STATUS[test.status].tone}` }, STATUS[test.status].word), ` ${name}`),
    el("span", { class: "quiet" }, [test.file === undefined ? "" : text(test.file), duration(test.took_ms * 1000)].filter(Boolean).join(" · ")), ...command);
  if (!run) {
    const none = test.status === "passed" || test.status === "failed" || test.status === "not-fired" ? [el("p", { class: "quiet" }, "No timeline was kept of it.")] : [];
    show(place, head, findingsOf(test, () => {}), ...none);
    return {};
  }
  const model = thingsOf(run);
  const chart = el("div", { class: "chart", tabindex: 0, "aria-label": "timeline" });
  const detail = el("aside", { class: "detail", "aria-live": "polite" });
  const listPlace = el("div", { class: "list things" });
  const pick = (thing) => select(thing, true);
  const timeline = drawTimeline(chart, run, model, pick);
  const list = listIn(listPlace, thingRow, (thing) => select(thing, true));
  let current;
  const select = (thing, centre) => {
    current = thing;
    timeline.state.selected = thing?.id;
    if (thing && centre) timeline.reveal(thing);
    timeline.redraw();
    list.select(thing);
    showDetail(detail, run, model, thing, pick);
    remember(thing?.id);
  };
  const filter = filterBar(run, model, timeline, (things) => list.fill(things));
  const go = (id) => {
    const thing = model.things[model.byId.get(id)];
    if (!thing) return;
    select(thing, true);
    chart.scrollIntoView({ block: "nearest" });
  };
  show(place, head, findingsOf(test, go), notesOf(run), filter.bar, el("div", { class: "work" }, chart, detail), tabs(run, listPlace, () => list.fill(list.items)));
  timeline.draw();
  filter.apply();
  const places = (test.findings ?? []).map((finding) => placeId(finding.place)).filter(Boolean);
  select(model.things[model.byId.get(at) ?? model.byId.get(places[0])], true);
  const step = (by) => {
    const shown = list.items;
    const next = shown[Math.min(shown.length - 1, Math.max(0, shown.indexOf(current) + by))];
    if (next) select(next, true);
  };
  const onFinding = (by) => {
    if (places.length > 0) go(places[(places.indexOf(current?.id) + by + places.length) % places.length]);
  };
  return {
    keys: {
      ArrowDown: () => step(1), j: () => step(1), ArrowUp: () => step(-1), k: () => step(-1),
      n: () => onFinding(1), p: () => onFinding(-1),
      ArrowLeft: () => timeline.pan(-0.2), ArrowRight: () => timeline.pan(0.2),
      "+": () => timeline.zoom(0.6), "=": () => timeline.zoom(0.6), "-": () => timeline.zoom(1 / 0.6), 0: () => timeline.fit(),
      "/": () => filter.search.focus(), Escape: () => filter.clear(),
    },
    print() {
      timeline.draw();
      listPlace.querySelector(".paper")?.remove();
      const shown = list.flat(PRINTED);
      const rest = list.items.length - shown.length;
      listPlace.append(el("div", { class: "paper" }, ...shown, rest > 0 ? el("p", {}, `… and ${rest} more`) : undefined));
    },
  };
}

function notesOf(run) {
  const left = run.processes.filter((process) => process.records.left_out).map((process) => `${text(process.name)}: ${plural(process.records.left_out, "record")} of it are not in this report`);
  const all = [...(run.notes ?? []).map(text), ...left];
  return all.length === 0 ? undefined : el("ul", { class: "notes" }, ...all.map((note) => el("li", {}, note)));
}

/** Level, processes, search, and how time is drawn. */
function filterBar(run, model, timeline, done) {
  const count = el("output", { class: "quiet count" });
  const search = el("input", { type: "search", placeholder: "Search (/)", "aria-label": "search", spellcheck: "false" });
  const level = el("select", { "aria-label": "level" }, ...["all levels", "DEBUG and above", "INFO and above", "WARN and above", "ERROR"].map((name, value) => el("option", { value }, name)));
  const apply = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const loud = Number(level.value);
    timeline.state.loud = loud;
    const kept = model.things.filter((thing) => (thing.kind !== "record" || thing.loud >= loud) && !timeline.state.hidden.has(thing.process) && has(thing, words));
    timeline.state.matches = words.length > 0 ? new Set(kept.map((thing) => thing.id)) : undefined;
    timeline.redraw();
    count.textContent = kept.length === model.things.length ? plural(kept.length, "thing") : `${kept.length.toLocaleString("en")} of ${model.things.length.toLocaleString("en")}`;
    done(kept);
  };
  const clear = () => {
    search.value = "";
    search.blur();
    apply();
  };
  search.addEventListener("input", apply);
  level.addEventListener("change", apply);
  const processes = run.processes.map((process) => {
    const name = text(process.name);
    const chip = button(name, () => {
      const { hidden } = timeline.state;
      if (!hidden.delete(name)) hidden.add(name);
      chip.setAttribute("aria-pressed", !hidden.has(name));
      apply();
    }, { class: "chip", "aria-pressed": "true", "data-process": name });
    return chip;
  });
  const spread = button("bursts apart", () => {
    const even = !timeline.state.even;
    spread.setAttribute("aria-pressed", even);
    timeline.spread(even);
  }, { class: "chip", "aria-pressed": "true", title: "Give bursts more room than the quiet between them" });
  const bar = el("div", { class: "filter", role: "toolbar", "aria-label": "filter" }, search, level, el("span", { class: "chips" }, ...processes), count, el("span", { class: "space" }),
    spread, button("−", () => timeline.zoom(1 / 0.6), { "aria-label": "zoom out" }), button("+", () => timeline.zoom(0.6), { "aria-label": "zoom in" }), button("fit", () => timeline.fit()));
  return { bar, search, apply, clear };
}

/** Everything in the order of time, the transcript, the scenario. */
function tabs(run, list, shown) {
  const pages = [["in order of time", list]];
  if (run.transcript !== undefined) pages.push(["transcript", numbered(text(run.transcript))]);
  if (run.scenario !== undefined) {
    const marks = new Map(run.steps.filter((step) => step.line !== undefined).map((step) => [step.line, `step ${step.number}${step.fault ? ", fault" : ""}${step.done === undefined ? ", never" : ` at ${moment(step.done)} ms`}`]));
    pages.push(["scenario", numbered(text(run.scenario), marks)]);
  }
  const body = el("div", { class: "tab-body" });
  const heads = pages.map(([name, page]) => button(name, () => open(name, page), { role: "tab" }));
  const open = (name, page) => {
    heads.forEach((head) => head.setAttribute("aria-selected", head.textContent === name));
    show(body, page);
    shown();
  };
  open(...pages[0]);
  return el("section", { class: "tabs" }, el("div", { class: "tab-heads", role: "tablist" }, ...heads), body);
}

