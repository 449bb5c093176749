// What is wrong, on top; each leads to its place.

const EXCERPT = 8; // lines that are shown at once

function findingsOf(test, go) {
  const findings = test.findings ?? [];
  if (findings.length === 0 && test.reason === undefined) return el("p", { class: "allclear" }, sayStatus(test));
  const reason = test.reason === undefined ? [] : [el("p", { class: "reason" }, text(test.reason))];
  return el("section", { class: "findings", "aria-label": "findings" }, ...reason, ...findings.map((finding, at) => findingOf(finding, at, go)));
}

function sayStatus(test) {
  return test.status === "passed" ? "Nothing is wrong with this run." : `This was ${STATUS[test.status].word}.`;
}

function findingOf(finding, at, go) {
  const kind = text(finding.kind);
  const lines = (finding.excerpt ?? []).map(text);
  const target = placeId(finding.place);
  const open = () => go(target, finding);
  const head = el("div", { class: "finding-head" },
    el("span", { class: "badge bad" }, kind), finding.process === undefined ? undefined : el("b", {}, text(finding.process)),
    finding.after_end ? el("span", { class: "badge" }, "at the end of the run") : undefined,
    target ? button("show in the timeline", open, { class: "link", "data-finding": at }) : undefined);
  const evidence = kind === "snapshot-differs" ? [sideBySide(lines)] : lines.length > 0 ? [excerptOf(lines)] : [];
  return el("article", { class: "finding", "data-kind": kind }, head, el("p", {}, text(finding.message)), ...evidence);
}

function excerptOf(lines) {
  const pre = el("pre", {}, lines.slice(0, EXCERPT).join("\n"));
  if (lines.length <= EXCERPT) return pre;
  const rest = button(`${plural(lines.length - EXCERPT, "more line")}`, () => {
    pre.textContent = lines.join("\n");
    rest.remove();
  }, { class: "link" });
  return el("div", {}, pre, rest);
}

