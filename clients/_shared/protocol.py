"""The adapter protocol for clients in Python: `serve(hello, play)` reads and writes its JSON lines."""

import json
import platform
import sys

# What a library prints must not get between the lines of the protocol.
OUT, sys.stdout = sys.stdout, sys.stderr


def serve(hello, play):
    """Answers `hello` with these fields and each `run` with what `play(run, say)` returns, the fields of its result.

    `say(type, **fields)` writes a report of the run.  What `play` raises is the adapter's own fault.
    """
    for line in sys.stdin:
        message = json.loads(line)
        if message["type"] == "hello":
            runtime = f"{platform.python_implementation()} {platform.python_version()}"
            _write({"type": "hello", "protocol": 1, "language": "python", "runtime": runtime, **hello})
        elif message["type"] == "run":
            number = message["id"]

            def say(type_, number=number, **fields):
                _write({"type": type_, "id": number, **fields})

            try:
                say("result", **play(message, say))
            except Exception as fault:
                _write({"type": "adapter_error", "id": number, "message": f"{type(fault).__name__}: {fault}"})
        else:
            break


def printed(play):
    """Makes a `play(run, say)` of `play(run, write, note)`, for a sample that prints.

    `write(text)` is for what it prints as the answer's text, `note(text)` for what else it prints.
    """

    def play_printed(run, say):
        texts, notes, error = [], [], None

        def write(text):
            # Standard output takes no half of a surrogate pair: what the sample prints must be UTF-8.
            text.encode()
            if text:
                texts.append(text)
                say("delta", choice=0, text=text)

        try:
            play(run, write, notes.append)
        except Exception as raised:
            error = thrown(raised)
        choice = {"index": 0, "text": "".join(texts)}
        return {"choices": [choice], "usage": None, "error": error, "stopped": False, "extra_output": "".join(notes)}

    return play_printed


def thrown(raised, phase="stream"):
    """The `error` of a result, for an exception that the client's user would get."""
    status, code = getattr(raised, "status_code", None), getattr(raised, "code", None)
    return {
        "type": getattr(raised, "type", None)
        if isinstance(getattr(raised, "type", None), str)
        else type(raised).__name__,
        "message": str(raised),
        "status": status if isinstance(status, int) else None,
        "code": None if code is None else str(code),
        "phase": phase,
        "raised": "thrown",
    }


def _write(message):
    try:
        line = json.dumps(message, allow_nan=False)
    except ValueError:
        line = json.dumps(_writable(message))
    OUT.write(line + "\n")
    OUT.flush()


def _writable(value):
    """The value with its infinities and NaNs, which JSON does not have, as text."""
    match value:
        case dict():
            return {key: _writable(inner) for key, inner in value.items()}
        case list() | tuple():
            return [_writable(inner) for inner in value]
        case float():
            return value if value - value == 0 else str(value)
        case _:
            return value
