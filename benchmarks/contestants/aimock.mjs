// aimock as its README starts it, its logs off.  `node aimock.mjs MATERIAL NODE_MODULES`
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const { LLMock } = createRequire(join(process.argv[3], "package.json"))("@copilotkit/aimock");
const mock = new LLMock({ port: 0, host: "127.0.0.1", logLevel: "silent" });
for (const [name, stream] of Object.entries(JSON.parse(readFileSync(process.argv[2], "utf8")))) {
  const pace = { latency: stream.gap_s * 1000, chunkSize: stream.chunk_chars };
  mock.onMessage(name, { content: stream.text }, pace);
}
await mock.start();
console.log(`listening on ${mock.url}`);
