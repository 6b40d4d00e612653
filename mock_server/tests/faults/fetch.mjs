// Fetches each address of a JSON list, and prints for each how many bytes of the body came, and whether it ended whole.
let text = '';
for await (const piece of process.stdin) text += piece;

async function fetched({ url, limit_ms }) {
  let bytes = 0;
  try {
    const answer = await fetch(url, { method: 'POST', body: '{}', signal: AbortSignal.timeout(limit_ms) });
    for await (const piece of answer.body) bytes += piece.length;
    return [bytes, 'whole'];
  } catch {
    return [bytes, 'broken'];
  }
}

console.log(JSON.stringify(await Promise.all(JSON.parse(text).map(fetched))));
process.exit(0);
