// The matrix of a sweep: requests by phases, each cell as good as its worst point.

function cellsOf(matrix, tests) {
  const cells = new Map();
  tests.forEach((test, index) => {
    const place = matrix.cells[index];
    if (!place) return;
    const key = place.join(",");
    if (!cells.has(key)) cells.set(key, { row: place[0], column: place[1], tests: [] });
    cells.get(key).tests.push(index);
  });
  return cells;
}

/** How a cell stands: the share of failures decides how strong its colour is. */
function standing(tests) {
  const count = (...wanted) => tests.filter((index) => wanted.includes(view.tests[index].status)).length;
  const bad = count("failed", "broken");
  if (bad > 0) return { tone: "bad", share: bad / tests.length, said: `${bad} failed` };
  const unmet = count("not-fired");
  if (unmet > 0) return { tone: "known", share: unmet / tests.length, said: `${unmet} met nothing` };
  if (count("not-run") === tests.length) return { tone: "idle", share: 0, said: "not run" };
  return { tone: "good", share: 1, said: "" };
}

/** The matrix in `place`. `choose(indices)` is told the points of the cell that was clicked; the worst comes first. */
function showMatrix(place, matrix, tests, choose) {
  const cells = cellsOf(matrix, tests);
  const rows = matrix.requests.map((_, row) => row).filter((row) => matrix.phases.some((_, column) => cells.has(`${row},${column}`)));
  let chosen;
  const cellOf = (row, column) => {
    const cell = cells.get(`${row},${column}`);
    if (!cell) return el("td", { class: "empty" });
    const { tone, share, said } = standing(cell.tests);
    const passed = cell.tests.filter((index) => tests[index].status === "passed").length;
    const strength = share === 0 ? 0 : Math.ceil(share * 4);
    const label = `${text(matrix.requests[row])}, ${matrix.phases[column]}: ${passed} of ${cell.tests.length} passed${said ? `, ${said}` : ""}`;
    const open = button(`${passed}/${cell.tests.length}`, () => {
      chosen?.setAttribute("aria-pressed", false);
      chosen = open === chosen ? undefined : open;
      chosen?.setAttribute("aria-pressed", true);
      choose(chosen ? worstFirst(cell.tests) : undefined);
    }, { class: `cell ${tone} strength-${strength}`, "aria-label": label, title: label, "aria-pressed": "false", "data-cell": `${row},${column}` });
    return el("td", {}, open);
  };
  const head = el("tr", {}, el("th", {}, "request"), ...matrix.phases.map((phase) => el("th", { scope: "col" }, phase)));
  const body = rows.map((row) => el("tr", {}, el("th", { scope: "row" }, text(matrix.requests[row])), ...matrix.phases.map((_, column) => cellOf(row, column))));
  show(place, el("table", { class: "matrix" }, el("thead", {}, head), el("tbody", {}, ...body)));
}

const ORDER = ["failed", "broken", "not-fired", "not-tested", "not-run", "not-applicable", "expected-failure", "passed"];

function worstFirst(indices) {
  return [...indices].sort((one, other) => ORDER.indexOf(view.tests[one].status) - ORDER.indexOf(view.tests[other].status) || one - other);
}

