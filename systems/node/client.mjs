// A client with Node's fetch, driven by JSON lines (docs/drivers.md): what a call throws, it reports once.
import readline from "node:readline";

const [url, seconds] = process.argv.slice(2);
const say = (value) => process.stdout.write(JSON.stringify(value) + "\n");
const log = (level, msg, call) => process.stderr.write(JSON.stringify({ level, time: new Date().toISOString(), msg, call }) + "\n");
const calls = new Map();

async function perform(op, args, signal) {
  const request = op === "put" ? ["/items", { method: "POST", body: JSON.stringify(args) }] : [{ list: "/items", next: "/next" }[op], {}];
  const answer = await fetch(url + request[0], { ...request[1], headers: { "content-type": "application/json" }, signal });
  if (!answer.ok) throw Object.assign(new Error(`status ${answer.status}`), { rejected: true });
  return answer.json();
}

function resultOf(error) {
  if (error.rejected) return "rejected";
  return error.cause?.code === "ECONNREFUSED" ? "unreachable" : "transport";
}

async function answer(asked) {
  const cancel = new AbortController();
  calls.set(asked.call, cancel);
  try {
    const signal = AbortSignal.any([cancel.signal, AbortSignal.timeout(Number(seconds) * 1000)]);
    say({ call: asked.call, result: "ok", value: await perform(asked.op, asked.args ?? {}, signal) });
  } catch (error) {
    if (cancel.signal.aborted) return say({ call: asked.call, result: "cancelled", error: "the call was cancelled" });
    const why = `${error.name}: ${error.message}` + (error.cause ? ` (${error.cause.code ?? error.cause.message})` : "");
    log("error", `${asked.op} failed: ${why}`, asked.call);
    say({ call: asked.call, result: resultOf(error), error: why });
  } finally {
    calls.delete(asked.call);
  }
}

const input = readline.createInterface({ input: process.stdin });
input.on("line", (line) => {
  const asked = JSON.parse(line);
  if ("cancel" in asked) calls.get(asked.cancel)?.abort();
  else answer(asked);
});
// Kept connections would keep the process.
input.on("close", () => process.exit(0));
say({ ready: true });
