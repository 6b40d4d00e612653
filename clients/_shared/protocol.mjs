// The adapter protocol for clients in JavaScript: `serve(hello, play)` reads and writes its JSON lines.
import { createInterface } from 'node:readline';

const put = (message) => process.stdout.write(`${JSON.stringify(message)}\n`);

// Answers `hello` with these fields and each `run` with what `play(run, write, note)` has printed:
// `write(text)` is for what the sample prints as the answer's text, `note(text)` for what else it prints.
export async function serve(hello, play) {
  const runtime = `Node ${process.versions.node}`;
  for await (const line of createInterface({ input: process.stdin })) {
    const message = JSON.parse(line);
    if (message.type === 'hello') {
      put({ type: 'hello', protocol: 1, language: 'javascript', runtime, reports: 'message', ...hello });
    } else if (message.type === 'run') {
      await runOne(message, play);
    } else {
      break;
    }
  }
  process.exit(0);
}

async function runOne(run, play) {
  const texts = [];
  const notes = [];
  let error = null;
  const write = (printed) => {
    // Standard output writes half of a surrogate pair as U+FFFD.
    const text = Buffer.from(printed).toString();
    if (text === '') return;
    texts.push(text);
    put({ type: 'delta', id: run.id, choice: 0, text });
  };
  try {
    await play(run, write, (text) => notes.push(text));
  } catch (thrown) {
    error = reported(thrown);
  }
  const choices = [{ index: 0, text: texts.join('') }];
  put({ type: 'result', id: run.id, choices, usage: null, error, stopped: false, extra_output: notes.join('') });
}

function reported(thrown) {
  const cause = thrown?.cause;
  return {
    type: thrown?.name ?? typeof thrown,
    message: cause ? `${thrown.message}: ${cause.code ?? cause.message ?? cause}` : String(thrown?.message ?? thrown),
    status: thrown?.status ?? null,
    code: cause?.code ?? null,
    phase: 'stream',
    raised: 'thrown',
  };
}
