// A stream with Node's own http module.  `node node_http.mjs MATERIAL`
import { readFileSync } from "node:fs";
import { createServer } from "node:http";

const streams = JSON.parse(readFileSync(process.argv[2], "utf8"));
const pieces = Object.fromEntries(
  Object.entries(streams).map(([name, stream]) => [name, stream.pieces.map((piece) => Buffer.from(piece))]),
);
const HEADERS = { "content-type": "text/event-stream; charset=utf-8", "cache-control": "no-cache" };

const ways = {
  // All writes in one tick: Node joins them into one send.
  joined(response, name) {
    for (const piece of pieces[name]) response.write(piece);
    response.end();
  },
  async each(response, name) {
    for (const piece of pieces[name]) await new Promise((written) => response.write(piece, written));
    response.end();
  },
  paced(response, name) {
    let number = 0;
    const step = () => {
      response.write(pieces[name][number++]);
      if (number === pieces[name].length) {
        clearInterval(timer);
        response.end();
      }
    };
    const timer = setInterval(step, streams[name].gap_s * 1000);
    response.on("close", () => clearInterval(timer));
    step();
  },
};

const server = createServer((request, response) => {
  const body = [];
  request.on("data", (data) => body.push(data));
  request.on("end", () => {
    if (!JSON.parse(Buffer.concat(body)).stream) throw new Error("a stream was to be asked for");
    const [, way, name] = request.url.split("/");
    response.writeHead(200, HEADERS);
    ways[way](response, name);
  });
});
server.keepAliveTimeout = 600_000;
server.requestTimeout = 0;
server.listen({ port: 0, host: "127.0.0.1", backlog: 4096 }, () => {
  console.log(`listening on http://127.0.0.1:${server.address().port}`);
});
