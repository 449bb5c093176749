// A unified diff side by side: what was committed left, what was seen right.

function sideBySide(lines) {
  const rows = [];
  let [gone, come] = [[], []];
  const flush = () => {
    for (let at = 0; at < Math.max(gone.length, come.length); at += 1) rows.push([gone[at], come[at], "changed"]);
    [gone, come] = [[], []];
  };
  for (const line of lines) {
    if (line.startsWith("--- ") || line.startsWith("+++ ")) continue;
    if (line.startsWith("-")) gone.push(line.slice(1));
    else if (line.startsWith("+")) come.push(line.slice(1));
    else {
      flush();
      rows.push(line.startsWith("@@") ? [line, line, "gap"] : [line.slice(1), line.slice(1), "same"]);
    }
  }
  flush();
  const cell = (said, side, kind) => el("td", { class: said === undefined ? "none" : `${kind} ${side}` }, said ?? "");
  return el("table", { class: "diff" },
    el("thead", {}, el("tr", {}, el("th", {}, "snapshot"), el("th", {}, "this run"))),
    el("tbody", {}, ...rows.map(([left, right, kind]) => el("tr", {}, cell(left, "left", kind), cell(right, "right", kind)))));
}

/** A text with numbered lines; `marks` are lines with a word about them. */
function numbered(source, marks = new Map()) {
  const lines = source.split("\n").map((line, at) => {
    const mark = marks.get(at + 1);
    return el("div", { class: mark ? "code marked" : "code", "data-line": at + 1 }, el("span", { class: "number" }, String(at + 1)), el("span", { class: "source" }, line || " "), mark ? el("em", {}, mark) : undefined);
  });
  return el("div", { class: "listing" }, ...lines);
}

