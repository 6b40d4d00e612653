// Adapter: the JavaScript sample of the Tchavi document that uses `fetch`.
import { serve } from '../_shared/protocol.mjs';

async function play(run, write) {
  const res = await fetch(run.url, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${run.api_key}` },
    body: JSON.stringify(run.request),
  });
  const decoder = new TextDecoder();
  const reader = res.body.getReader();
  for (let read = await reader.read(); !read.done; read = await reader.read()) {
    // Each read is decoded and split by itself: nothing is kept for the next.
    for (const line of decoder.decode(read.value).split('\n')) {
      const skipped = !line.startsWith('data: ') || line.includes('[DONE]');
      if (skipped) continue;
      const text = JSON.parse(line.slice(6)).choices[0]?.delta?.content ?? '';
      // What the sample writes to is standard output, which takes no numbers and no objects.
      if (typeof text !== 'string') throw new TypeError(`expected a string to write, found ${typeof text}`);
      write(text);
    }
  }
}

const hello = { client: 'tchavi-javascript', version: `fetch of Node ${process.versions.node}` };
await serve({ ...hello, dialects: ['openai-chat'], capabilities: [] }, play);
