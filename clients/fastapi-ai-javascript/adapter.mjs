// Adapter: the JavaScript sample of the FastAPI.ai document, with `fetch`.
import { inspect } from 'node:util';
import { serve } from '../_shared/protocol.mjs';

async function play(run, write, note) {
  const res = await fetch(run.url, {
    method: 'POST',
    headers: { Authorization: `Bearer ${run.api_key}`, 'Content-Type': 'application/json' },
    body: JSON.stringify(run.request),
  });
  if (!res.ok) {
    // The sample writes this to standard error and leaves with 1.
    const said = new Error(`HTTP ${res.status} ${await res.text()}`);
    throw Object.assign(said, { name: 'exit 1', status: res.status });
  }
  const decoder = new TextDecoder();
  const reader = res.body.getReader();
  let rest = '';
  for (;;) {
    const { done, value } = await reader.read();
    // What is left without its blank line is dropped here.
    if (done) return;
    const blocks = (rest + decoder.decode(value, { stream: true })).split('\n\n');
    rest = blocks.pop();
    for (const line of blocks.flatMap((block) => block.split('\n'))) {
      // Each line is a chunk of its own, a value over two lines is two.
      const data = line.startsWith('data:') ? line.slice(5).trim() : '';
      if (data === '[DONE]') return;
      if (data) show(data, write, note);
    }
  }
}

function show(data, write, note) {
  let chunk;
  try {
    chunk = JSON.parse(data);
  } catch {
    note(`${data}\n`);
    return;
  }
  const text = chunk?.choices?.[0]?.delta?.content;
  if (typeof text === 'string') write(text);
  else note(`${inspect(chunk)}\n`);
}

const hello = { client: 'fastapi-ai-javascript', version: `fetch of Node ${process.versions.node}` };
await serve({ ...hello, dialects: ['openai-chat'], capabilities: ['error_status'] }, play);
