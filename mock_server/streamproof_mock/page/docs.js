"use strict";
const at = (id) => document.getElementById(id);
const CALLS = /*CALLS*/;
const SHOWN = 2000;
let running = null;

for (const name of Object.keys(CALLS)) at("path").append(new Option(name, name));
const choose = () => { at("body").value = JSON.stringify(CALLS[at("path").value][1], null, 2); };
at("path").addEventListener("change", choose);
choose();

fetch("/__streamproof__/scenarios")
  .then((answer) => answer.json())
  .then((known) => { for (const id of known.scenarios) at("scenarios").append(new Option(id, id)); })
  .catch(() => {});

function row(cells) {
  const line = document.createElement("tr");
  for (const cell of cells) line.appendChild(document.createElement("td")).textContent = cell;
  at("pieces").append(line);
}

// What a piece says, for the reader's eye only: the table below shows what really came.
function said(text) {
  let words = "";
  for (const line of text.split(/\r\n|\r|\n/)) {
    if (!line.startsWith("data:") && !line.startsWith("{")) continue;
    try {
      const event = JSON.parse(line.replace(/^data:/, ""));
      const found = [
        event.response, event.choices?.[0]?.delta?.content, event.choices?.[0]?.text, event.message?.content,
        event.delta, event.delta?.text, event.delta?.message?.content?.text,
        event.candidates?.[0]?.content?.parts?.[0]?.text,
      ];
      words += found.find((text) => typeof text === "string") ?? "";
    } catch { /* not JSON: [DONE], or a piece of an event */ }
  }
  return words;
}

async function send() {
  const headers = { "content-type": "application/json" };
  if (at("key").value) headers.authorization = `Bearer ${at("key").value}`;
  if (at("scenario").value) headers["x-streamproof-scenario"] = at("scenario").value;
  for (const id of ["head", "text", "pieces"]) at(id).replaceChildren();
  running = new AbortController();
  const started = performance.now();
  const elapsed = () => (performance.now() - started).toFixed(1);
  let whole = "", count = 0;
  try {
    const answer = await fetch(CALLS[at("path").value][0], {
      method: "POST", headers, body: at("body").value, signal: running.signal,
    });
    at("head").textContent = `${answer.status} ${answer.statusText}\n${[...answer.headers].map((pair) => pair.join(": ")).join("\n")}`;
    const reader = answer.body.getReader(), decoder = new TextDecoder();
    for (;;) {
      const { value, done } = await reader.read();
      if (done) break;
      const text = decoder.decode(value, { stream: true });
      if (whole.length < 4e6) whole += text;
      if (++count <= SHOWN) row([elapsed(), value.length, text]);
      at("text").textContent = said(whole);
    }
    at("state").textContent = `ended after ${elapsed()} ms, ${count} pieces`;
  } catch (error) {
    at("state").textContent = `${error.name}: ${error.message} (after ${elapsed()} ms, ${count} pieces)`;
  }
}

at("call").addEventListener("submit", async (event) => {
  event.preventDefault();
  at("send").disabled = true;
  at("stop").disabled = false;
  at("state").textContent = "…";
  await send();
  at("send").disabled = false;
  at("stop").disabled = true;
});
at("stop").addEventListener("click", () => running?.abort());
