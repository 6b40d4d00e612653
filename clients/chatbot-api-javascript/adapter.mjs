// Adapter: the JavaScript sample of the Chatbot API document, with `fetch`.
import { inspect } from 'node:util';
import { serve } from '../_shared/protocol.mjs';

async function play(run, write, note) {
  const { model, messages } = run.request;
  const res = await fetch(run.url, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${run.api_key}` },
    body: JSON.stringify({ model, messages, stream: true }),
  });
  const decoder = new TextDecoder();
  const reader = res.body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    // Each read is decoded and split by itself: nothing is kept for the next.
    for (const line of decoder.decode(value).split('\n')) {
      if (!line.startsWith('data: ')) continue;
      // Text that merely contains the mark ends the read too.
      if (line.includes('[DONE]')) break;
      const { content } = JSON.parse(line.slice(6)).choices[0].delta;
      // The sample prints each piece on a line of its own: `undefined` is seen, and is no text.
      if (typeof content === 'string') write(content);
      else note(`${inspect(content)}\n`);
    }
  }
}

const hello = { client: 'chatbot-api-javascript', version: `fetch of Node ${process.versions.node}` };
await serve({ ...hello, dialects: ['openai-chat'], capabilities: [] }, play);
