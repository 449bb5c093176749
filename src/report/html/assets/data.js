// The values of the page: JSON in elements that are not executed.

const view = JSON.parse(document.getElementById("data").textContent);

/** A text by its place in the table. */
const text = (id) => view.texts[id] ?? "";

const LEVELS = ["text", "TRACE", "DEBUG", "INFO", "WARN", "ERROR", "–"];
const PHASES = ["request head", "request body", "request sent", "response head", "response body", "response sent"];

const STATUS = {
  passed: { word: "passed", tone: "good" },
  failed: { word: "failed", tone: "bad" },
  "expected-failure": { word: "failed as expected", tone: "known" },
  broken: { word: "harness failed", tone: "bad" },
  "not-applicable": { word: "not applicable", tone: "idle" },
  "not-fired": { word: "fault met nothing", tone: "known" },
  "not-tested": { word: "not tested", tone: "known" },
  "not-run": { word: "not run", tone: "idle" },
};

/** The timeline of a run, read when it is first looked at. */
function timelineOf(number) {
  const source = document.getElementById(`timeline-${number}`);
  return source ? JSON.parse(source.textContent) : undefined;
}

