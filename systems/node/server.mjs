// An ordinary server with Node's http module that knows nothing of quietdown: a list of items, and a wait for the next one.
import http from "node:http";

const items = [];
const waiting = new Set();
const log = (level, msg, more = {}) => console.log(JSON.stringify({ level, time: new Date().toISOString(), msg, ...more }));

function answer(response, status, value) {
  // Or the connection would be kept, and the server with it.
  if (!server.listening) response.setHeader("connection", "close");
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(value));
}

const server = http.createServer(async (request, response) => {
  log("info", `begun ${request.method} ${request.url}`);
  try {
    let body = "";
    for await (const piece of request) body += piece;
    switch (`${request.method} ${request.url}`) {
      case "POST /items":
        items.push({ id: items.length + 1, ...JSON.parse(body) });
        waiting.forEach((next) => next());
        return answer(response, 201, items.at(-1));
      case "GET /items":
        return answer(response, 200, items);
      case "GET /next": {
        const seen = items.length;
        await new Promise((resolve) => {
          waiting.add(resolve);
          response.once("close", resolve);
        });
        return answer(response, 200, items.slice(seen));
      }
      default:
        return answer(response, 404, { error: "there is no such thing" });
    }
  } catch (error) {
    if (error.code === "ECONNRESET") return log("info", "the client went away");
    log("error", `${request.method} ${request.url} failed`, { err: { type: error.name, message: error.message, stack: error.stack } });
    if (!response.headersSent) answer(response, 500, { error: "failed" });
  }
});

process.once("SIGTERM", () => {
  log("info", "stop begun");
  server.close(() => log("info", "stopped"));
});
server.listen(Number(process.argv[2]), "127.0.0.1", () => log("info", "listening"));
