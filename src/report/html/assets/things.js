// A timeline as things that can be seen, found and opened: each with a lane, a time and words.

/** How loud a record is: 0 to 4. Text outside any record counts as WARN, as it does in the verdict. */
const loudness = (level) => (level === 0 ? 3 : level === 6 ? 2 : level - 1);

/** The lanes of a run and everything in them, in the order of time. */
function thingsOf(run) {
  const lanes = [{ id: "steps", kind: "steps", name: "scenario", note: "steps and faults" }];
  const things = [];
  const add = (thing) => things.push(thing);
  for (const call of run.calls) call.as_expected ??= true;
  for (const request of run.links.flatMap((link) => link.requests)) request.finished ??= true;
  run.processes.forEach((process, index) => addProcess(run, process, index, lanes, add));
  run.steps.forEach((step, index) => add(stepThing(step, index)));
  things.sort((one, other) => one.at - other.at || one.order - other.order);
  const byId = new Map(things.map((thing, index) => [thing.id, index]));
  return { lanes, things, byId };
}

function addProcess(run, process, index, lanes, add) {
  const name = text(process.name);
  const lane = { id: `process-${index}`, kind: "process", name, note: text(process.role), process: name, boots: process.boots };
  lanes.push(lane);
  const { at, level, text: said, target, traces = [] } = process.records;
  const traced = new Set(traces);
  at.forEach((when, record) => {
    add({
      id: `record-${index}-${record}`, kind: "record", order: 4, lane, at: when, process: name, index: record,
      level: level[record], loud: loudness(level[record]), trace: traced.has(record),
      words: text(said[record]), target: text(target[record]), more: text(process.records.more?.[record] ?? -1),
    });
  });
  process.boots.forEach((boot, number) => {
    const base = { lane, process: name, boot, loud: 2 };
    const again = number > 0 ? " again" : "";
    add({ ...base, id: `start-${index}-${number}`, kind: "start", order: 0, at: boot.started, words: `started${again}, pid ${boot.pid}` });
    if (boot.exit) {
      const [when, how] = boot.exit;
      add({ ...base, id: `exit-${index}-${number}`, kind: "exit", order: 5, at: when, words: `ended with ${text(how)}` });
    }
  });
  run.calls.forEach((call, number) => {
    if (call.process !== process.name) return;
    const result = call.result === undefined ? "never ended" : text(call.result);
    add({
      id: `call-${number}`, kind: "call", order: 2, lane, at: call.begun, end: call.ended ?? run.took, process: name, call,
      loud: 2, good: call.as_expected, label: `${text(call.name)}: ${result}`, words: `${text(call.op)} ${text(call.name)}: ${result}, ${text(call.effect)}`,
    });
  });
  const link = run.links.find((link) => link.process === process.name);
  if (link) addLink(run, link, index, name, lanes, add);
}

function addLink(run, link, index, name, lanes, add) {
  const server = run.processes.find((process) => text(process.name) === "server");
  const target = server && name !== "server" ? `${name} → server` : `link of ${name}`;
  const lane = { id: `link-${index}`, kind: "link", name: target, note: plural(link.requests.length + (link.left_out ?? 0), "request"), process: name };
  lanes.push(lane);
  link.requests.forEach((request) => {
    const answer = request.status ?? (request.phases >= 3 ? "no answer" : "not sent whole");
    add({
      id: `request-${index}-${request.number}`, kind: "request", order: 3, lane, at: request.at, end: request.ended ?? run.took,
      process: name, request, loud: 2, good: request.finished && !(request.status >= 500),
      label: request.status === undefined ? text(request.what) : `${text(request.what)} ${answer}`, words: `${text(request.what)} ${answer}`,
    });
  });
  (link.hits ?? []).forEach(([when, what], number) => {
    add({ id: `hit-${index}-${number}`, kind: "hit", order: 3, lane, at: when, process: name, loud: 3, words: `toxic ${text(what)}` });
  });
}

function stepThing(step, index) {
  const fault = step.fault;
  return {
    id: `step-${index}`, kind: fault ? "fault" : "step", order: 1, lane: undefined, process: undefined,
    at: fault?.at ?? step.met ?? step.done ?? 0, end: step.done, step, fault, loud: fault ? 4 : 2,
    label: fault ? `${text(fault.action)} ${text(fault.target)}` : `${step.number}`,
    words: `step ${step.number}: ${text(step.what)}`,
  };
}

/** What a finding points at. */
function placeId(place) {
  if (!place) return undefined;
  const [kind, at] = Object.entries(place)[0];
  return Array.isArray(at) ? `${kind}-${at.join("-")}` : `${kind}-${at}`;
}

/** Whether a thing has all of these words, in small letters. */
function has(thing, words) {
  thing.found ??= `${thing.words} ${thing.target ?? ""} ${thing.process ?? ""} ${thing.more ?? ""} ${LEVELS[thing.level] ?? thing.kind}`.toLowerCase();
  return words.every((word) => thing.found.includes(word));
}

