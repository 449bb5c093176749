// Everything about one thing, with what all processes said around it.

const AROUND = 7; // things before and after

function showDetail(place, run, model, thing, pick) {
  if (!thing) {
    show(place, el("p", { class: "quiet" }, "Click a mark, or use ↓ and ↑, to see its line, request, bytes and step."));
    return;
  }
  const facts = factsOf(run, model, thing, pick).filter(([, value]) => value !== undefined && value !== "");
  const more = thing.more ? [el("pre", {}, thing.more)] : [];
  show(place,
    el("h3", {}, el("span", { class: `badge ${thing.kind} loud-${thing.loud}` }, thing.kind === "record" ? LEVELS[thing.level] : thing.kind), ` ${thing.process ?? "scenario"}`),
    el("p", { class: "said" }, thing.words), ...more,
    el("dl", {}, ...facts.flatMap(([name, value]) => [el("dt", {}, name), el("dd", {}, value)])),
    el("h4", {}, "around it"), el("div", { class: "around" }, ...around(model, thing, pick)));
}

function around(model, thing, pick) {
  const at = model.byId.get(thing.id);
  return model.things.slice(Math.max(0, at - AROUND), at + AROUND + 1).map((other) => {
    const row = thingRow(other);
    row.classList.toggle("selected", other === thing);
    row.addEventListener("click", () => pick(other));
    return row;
  });
}

function factsOf(run, model, thing, pick) {
  const link = (id, label) => {
    const other = model.things[model.byId.get(id)];
    return other && button(label, () => pick(other), { class: "link" });
  };
  const last = model.things.filter((other) => other.kind === "fault" && other.at <= thing.at).pop();
  const after = last && last !== thing ? link(last.id, `${last.words} (${duration(thing.at - last.at)} before)`) : undefined;
  const when = ["at", `${moment(thing.at)} ms`];
  const lasted = ["lasted", thing.end === undefined ? undefined : duration(Math.max(0, thing.end - thing.at))];
  switch (thing.kind) {
    case "record":
      return [when, ["target", thing.target], ["record", `${thing.index + 1} of ${thing.process}`], ["after", after]];
    case "request":
      return [when, lasted, ...requestFacts(thing.request, run, link), ["after", after]];
    case "call":
      return [when, lasted, ["operation", text(thing.call.op)], ["result", thing.call.result === undefined ? "never ended" : text(thing.call.result)],
        ["as expected", thing.good ? "yes" : "no"], ["effect", text(thing.call.effect)], ["error", text(thing.call.error ?? -1)], ["after", after]];
    case "start":
    case "exit":
      return [when, ["pid", String(thing.boot.pid)], ["started", `${moment(thing.boot.started)} ms`],
        ["ready", thing.boot.ready === undefined ? "never" : `${duration(thing.boot.ready - thing.boot.started)} later`],
        ...(thing.boot.notes ?? []).map((note) => ["", text(note)]), ["after", after]];
    case "hit":
      return [when, ["after", after]];
    default:
      return stepFacts(run, thing, when);
  }
}

function requestFacts(request, run, link) {
  const [requestHead, requestBody, responseHead, responseBody] = request.bytes;
  const phases = el("span", { class: "phases" }, ...PHASES.map((name, phase) => el("span", { class: phase < request.phases ? "done" : "open", title: name })));
  const reached = request.phases === 0 ? "not even its head" : request.phases === PHASES.length ? "all six phases" : `up to: ${PHASES[request.phases - 1]}`;
  const call = request.call === undefined ? undefined : run.calls[request.call];
  return [
    ["request", `${request.number} on this link, connection ${request.connection}`],
    ["passed", el("span", {}, phases, ` ${reached}`)],
    ["request", `${requestHead} + ${requestBody} bytes (head + body)`],
    ["response", `${responseHead} + ${responseBody} bytes${request.finished ? "" : ", not whole"}`],
    ["status", request.status === undefined ? "none" : String(request.status)],
    ["call", call && link(`call-${request.call}`, `${text(call.op)} ${text(call.name)}`)],
  ];
}

function stepFacts(run, thing, when) {
  const { step, fault } = thing;
  const line = step.line === undefined ? undefined : `line ${step.line} of the scenario`;
  const facts = [when, ["step", `${step.number}${line ? `, ${line}` : ""}`],
    ["event came", step.met === undefined ? undefined : `${moment(step.met)} ms`],
    ["took effect", step.done === undefined ? "never" : `${moment(step.done)} ms`]];
  if (fault) {
    facts.push(["fault", `${text(fault.action)} ${text(fault.target)}, ${fault.planned ? "planned" : "unplanned"}`],
      ["it broke", fault.fired === undefined ? "nothing: it met nothing" : text(fault.fired)], ["at request", text(fault.request ?? -1)]);
  }
  if (run.failure?.[0] === step.number) facts.push(["failed", text(run.failure[1])]);
  return facts;
}

