// The page: what was run on top, the tests at the left, the one that is looked at.

const page = { index: undefined, run: {} };

function start() {
  const main = el("main", { id: "run" });
  const nav = el("nav", { class: "tests", "aria-label": "tests" });
  const matrix = el("section", { class: "matrix-place", "aria-label": "matrix" });
  const side = view.tests.length > 1 ? nav : undefined;
  document.title = `${text(view.title)} · quietdown`;
  document.body.append(topBar(), el("div", { class: side ? "columns" : "columns alone" }, side, el("div", { class: "content" }, view.sweep ? matrix : undefined, main)));
  const tests = testList(nav, (index) => open(main, tests, index));
  if (view.sweep) {
    showMatrix(matrix, view.sweep, view.tests, (indices) => {
      tests.only(indices);
      if (indices) open(main, tests, indices[0]);
    });
  }
  const [, index, at] = location.hash.match(/^#(\d+)(?:\/([\w-]+))?$/) ?? [];
  const worst = worstFirst(view.tests.map((_, index) => index))[0];
  if (view.tests.length === 0) show(main, el("p", { class: "quiet" }, "Nothing was run."));
  else open(main, tests, view.tests[index] ? Number(index) : worst, at);
  document.addEventListener("keydown", (event) => key(event, tests));
  addEventListener("beforeprint", () => page.run.print?.());
}

function open(main, tests, index, at) {
  page.index = index;
  tests.select(index);
  const remember = (id) => {
    location.hash = id ? `${index}/${id}` : String(index);
  };
  page.run = showRun(main, view.tests[index], at, remember);
}

function topBar() {
  const counts = Object.entries(STATUS).flatMap(([status, { word, tone }]) => {
    const count = view.tests.filter((test) => test.status === status).length;
    return count === 0 ? [] : [el("span", { class: `badge ${tone}`, "data-count": status }, `${count.toLocaleString("en")} ${word}`)];
  });
  const when = new Date(view.began_ms).toISOString().replace("T", " ").slice(0, 19);
  return el("header", { class: "top" }, el("h1", {}, el("span", { class: "brand" }, "quietdown"), ` ${text(view.title)}`), ...counts, el("span", { class: "space" }),
    el("span", { class: "quiet" }, `${when} UTC · ${duration(view.took_ms * 1000)} · ${view.tool}`),
    button("◐", theme, { "aria-label": "light or dark", title: "light or dark (t)" }), button("print", () => print()), button("?", help, { "aria-label": "keys" }));
}

/** The tests at the left: by status and words. */
function testList(nav, choose) {
  const search = el("input", { type: "search", placeholder: "Find a test", "aria-label": "find a test" });
  const only = el("label", {}, el("input", { type: "checkbox" }), " not passed");
  const place = el("div", { class: "list" });
  const all = worstFirst(view.tests.map((_, index) => index));
  const row = (index) => {
    const test = view.tests[index];
    return el("div", { class: `test ${STATUS[test.status].tone}`, role: "option", title: text(test.name), "data-test": index }, el("span", { class: "dot" }), el("span", { class: "words" }, text(test.name)));
  };
  let cell;
  let current;
  show(nav, el("div", { class: "tests-filter" }, search, only), place);
  const list = listIn(place, row, choose);
  const apply = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const bad = only.querySelector("input").checked;
    const fits = (index) => {
      const test = view.tests[index];
      return (!bad || test.status !== "passed") && words.every((word) => text(test.name).toLowerCase().includes(word));
    };
    list.fill((cell ?? all).filter(fits));
    list.select(current);
  };
  nav.addEventListener("input", apply);
  apply();
  return {
    only(indices) {
      cell = indices;
      apply();
    },
    select(index) {
      current = index;
      list.select(index);
    },
    step(by) {
      const next = list.items[list.items.indexOf(current) + by];
      if (next !== undefined) choose(next);
    },
  };
}

function key(event, tests) {
  const typing = event.target.matches?.("input, select, textarea");
  if (event.ctrlKey || event.metaKey || event.altKey || (typing && event.key !== "Escape")) return;
  const own = { t: theme, "?": help, "]": () => tests.step(1), "[": () => tests.step(-1) };
  const action = own[event.key] ?? page.run.keys?.[event.key];
  if (!action) return;
  event.preventDefault();
  action();
}

function theme() {
  const root = document.documentElement;
  const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
}

const KEYS = [
  ["↓ ↑ or j k", "the next thing, the one before"], ["n p", "the next finding, the one before"], ["[ ]", "the test before, the next one"], ["/", "search; Escape ends it"],
  ["+ − 0", "zoom in, out, all"], ["← →", "move sideways"], ["t", "light or dark"], ["mouse", "click a mark; drag to look closer; Ctrl and wheel to zoom; double-click for all"],
];

function help() {
  const known = document.querySelector("dialog");
  if (known) return known.close();
  const dialog = el("dialog", { on: { close: () => dialog.remove() } }, el("h2", {}, "Keys"),
    el("dl", {}, ...KEYS.flatMap(([keys, what]) => [el("dt", {}, keys), el("dd", {}, what)])), button("close", () => dialog.close()));
  document.body.append(dialog);
  dialog.showModal();
}

start();
