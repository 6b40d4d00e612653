"""What the adapters of libraries that read server-sent events share."""

from protocol import thrown

DIALECTS = [
    "openai-chat", "openai-completions", "openai-responses", "anthropic-messages", "workers-ai", "gemini", "mistral",
    "cohere-v2",
]  # fmt: skip
"""All that are sent as server-sent events."""

CAPABILITIES = [
    "finish_reason", "tools", "tool_ids", "n", "usage", "reasoning", "refusal", "function_call", "error_status",
    "idle_timeout", "stop", "reuse", "parallel", "tls",
]  # fmt: skip
"""Whoever gets the events has all that is in them."""


class RefusedError(Exception):
    """An answer with the status of an error: the user asks for it before the events, and reads its body."""

    def __init__(self, status_code, body):
        super().__init__(body)
        self.status_code = status_code


def headers(run):
    return {"Authorization": f"Bearer {run['api_key']}"}


def player(events):
    """Makes a `play(run, say)` of `events(run)`, a generator of (event, data, id) as the library gives them."""

    def play(run, say):
        error, stopped, phase, stop = None, False, "open", run.get("stop")
        stream = events(run)
        try:
            for number, (event, data, last_event_id) in enumerate(stream, 1):
                phase = "stream"
                say("event", event=event, data=data, last_event_id=last_event_id or "")
                if stop and number >= stop["after"]:
                    stopped = True
                    break
        except Exception as raised:
            error = thrown(raised, phase)
        finally:
            stream.close()
        return {"error": error, "stopped": stopped}

    return play
