"use strict";
const at = (id) => document.getElementById(id);
const CALLS = /*CALLS*/;
const SHOWN = 2000; // events
const LONGEST = 20_000; // characters of an event
let running = null;

for (const name of Object.keys(CALLS)) at("path").append(new Option(name, name));
const choose = () => { at("body").value = JSON.stringify(CALLS[at("path").value][1], null, 2); };
at("path").addEventListener("change", choose);
choose();

fetch("/__streamproof__/scenarios")
  .then((answer) => answer.json())
  .then((known) => {
    for (const id of known.scenarios) at("scenarios").append(new Option(id, id));
    at("scenario").placeholder = `none of the ${known.scenarios.length}: behave well`;
  })
  .catch(() => { at("scenario").placeholder = "the list is for this machine only; type an id"; });

const counted = (number, noun) => `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;

// What an event says, for the reader's eye only: the table shows what really came.
function said(data) {
  let event;
  try {
    event = JSON.parse(data);
  } catch {
    return ""; // [DONE], or no JSON
  }
  if (typeof event?.response === "string") return event.response;
  const error = event?.error?.message ?? event?.error;
  if (error) return `[error: ${typeof error === "string" ? error : JSON.stringify(error)}]`;
  let words = "";
  const found = [
    event?.choices?.[0]?.text, event?.message?.content, event?.delta?.text, event?.delta?.message?.content?.text,
    event?.delta, event?.candidates?.[0]?.content?.parts?.[0]?.text,
  ];
  words += found.find((text) => typeof text === "string") ?? "";
  for (const choice of Array.isArray(event?.choices) ? event.choices : []) {
    const part = choice?.delta ?? choice?.message;
    if (typeof part?.content === "string") words += part.content;
    for (const call of Array.isArray(part?.tool_calls) ? part.tool_calls : []) {
      words += (call?.function?.name ? `[call: ${call.function.name}] ` : "") + (call?.function?.arguments ?? "");
    }
  }
  return words;
}

const dataOf = (event) =>
  event.split(/\r\n|\r|\n/).filter((line) => line.startsWith("data:")).map((line) => line.slice(5)).join("\n");

// Shows events as they come: each is a row, the one that is not yet over is the last row.
class Shown {
  constructor(isStream) {
    this.isStream = isStream;
    this.rest = "";
    this.events = 0;
    this.open = null;
  }

  row(ms, text) {
    if (this.events >= SHOWN) return null;
    const line = document.createElement("tr");
    line.appendChild(document.createElement("td")).textContent = ms;
    const cell = line.appendChild(document.createElement("td"));
    cell.textContent = text.length > LONGEST ? `${text.slice(0, LONGEST)}... (${counted(text.length, "character")})` : text;
    at("events").append(line);
    return line;
  }

  say(words) {
    if (words && at("text").textContent.length < 1e6) at("text").append(words);
  }

  take(ms, text) {
    this.open?.remove();
    this.open = null;
    const known = this.rest.length;
    this.rest += text;
    if (this.isStream) {
      // The end of an event is two line ends; a lone CR at the end may be half of one.
      const end = /(?:\r\n|\n|\r(?!\n|$)){2}/g;
      end.lastIndex = Math.max(known - 4, 0);
      let from = 0;
      while (end.exec(this.rest)) {
        const event = this.rest.slice(from, end.lastIndex);
        from = end.lastIndex;
        this.row(ms, event.replace(/[\r\n]+$/, ""));
        this.events += 1;
        this.say(said(dataOf(event)));
      }
      this.rest = this.rest.slice(from);
    }
    if (this.rest) {
      this.open = this.row(ms, this.rest);
      this.open?.classList.add("open");
    }
  }

  finish() {
    if (!this.isStream) {
      this.say(said(this.rest));
      this.open?.classList.remove("open");
    }
    if (this.events > SHOWN) at("more").textContent = `and ${counted(this.events - SHOWN, "more event")}`;
  }
}

async function send() {
  const headers = { "content-type": "application/json" };
  if (at("key").value) headers.authorization = `Bearer ${at("key").value}`;
  if (at("scenario").value.trim()) headers["x-streamproof-scenario"] = at("scenario").value.trim();
  for (const id of ["head", "text", "events", "more"]) at(id).replaceChildren();
  running = new AbortController();
  const started = performance.now();
  const elapsed = () => (performance.now() - started).toFixed(1);
  let pieces = 0, bytes = 0, shown = null, status = "";
  const tell = (what) => {
    at("state").textContent = `${status}${what} after ${elapsed()} ms: ${counted(shown?.events ?? 0, "event")}, ${counted(bytes, "byte")} in ${counted(pieces, "piece")}`;
  };
  try {
    const answer = await fetch(CALLS[at("path").value][0], {
      method: "POST", headers, body: at("body").value, signal: running.signal,
    });
    status = `${answer.status} ${answer.statusText}`.trim() + ", ";
    at("head").textContent = `${answer.status} ${answer.statusText}\n${[...answer.headers].map((pair) => pair.join(": ")).join("\n")}`;
    shown = new Shown((answer.headers.get("content-type") ?? "").includes("event-stream"));
    tell("open, headers read");
    const reader = answer.body.getReader(), decoder = new TextDecoder();
    for (;;) {
      const { value, done } = await reader.read();
      if (done) break;
      pieces += 1;
      bytes += value.length;
      shown.take(elapsed(), decoder.decode(value, { stream: true }));
      tell("open, last read");
    }
    tell("ended");
  } catch (error) {
    // A browser says no more than "network error" of a connection that was cut.
    tell(running.signal.aborted ? "stopped by you" : shown ? `cut off (${error.message})` : `no answer (${error.message})`);
  }
  shown?.finish();
}

at("call").addEventListener("submit", async (event) => {
  event.preventDefault();
  if (at("send").disabled) return;
  at("send").disabled = true;
  at("stop").disabled = false;
  at("state").textContent = "waiting for an answer";
  await send();
  at("send").disabled = false;
  at("stop").disabled = true;
});
at("stop").addEventListener("click", () => running?.abort());
