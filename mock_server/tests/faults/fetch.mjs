// Fetches each address of a JSON list, and prints for each how many bytes of the body came, and whether it ended whole.
let text = '';
for await (const piece of process.stdin) text += piece;

async function fetched({ url, limit_ms }) {
  let bytes = 0;
  // undici can miss a reset that comes while it connects: it waits on without a socket, and the timer of
  // AbortSignal.timeout lets Node exit then.  This one does not.
  const alive = setTimeout(() => {}, 2 * limit_ms);
  try {
    const answer = await fetch(url, { method: 'POST', body: '{}', signal: AbortSignal.timeout(limit_ms) });
    for await (const piece of answer.body) bytes += piece.length;
    return [bytes, 'whole'];
  } catch {
    return [bytes, 'broken'];
  } finally {
    clearTimeout(alive);
  }
}

console.log(JSON.stringify(await Promise.all(JSON.parse(text).map(fetched))));
process.exit(0);
