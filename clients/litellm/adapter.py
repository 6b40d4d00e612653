"""Adapter: LiteLLM, `completion(stream=True)` of its provider `openai`."""

import importlib.metadata
import sys
from pathlib import Path

import litellm

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "_shared"))
from protocol import serve, thrown


def play(run, say):
    error, stopped, phase, stop = None, False, "open", run.get("stop")
    given = {"timeout": run.get("idle_timeout_s"), "max_retries": run.get("max_retries")}
    options = {key: value for key, value in given.items() if value is not None}
    request = {**run["request"], "model": f"openai/{run['request']['model']}"}
    try:
        # LiteLLM keeps a client for each address, which differs from case to case.
        stream = litellm.completion(**request, **options, api_base=run["base_url"], api_key=run["api_key"])
        phase = "stream"
        for number, chunk in enumerate(stream, 1):
            say("item", data=chunk.model_dump(exclude_none=True, warnings=False))
            if stop and number >= stop["after"]:
                stopped = True
                break
    except Exception as raised:
        error = thrown(raised, phase)
    return {"error": error, "stopped": stopped}


CAPABILITIES = [
    "finish_reason", "tools", "tool_ids", "n", "usage", "reasoning", "function_call", "error_status",
    "idle_timeout", "max_retries", "stop", "reuse", "parallel",
]  # fmt: skip

hello = {"client": "litellm", "version": importlib.metadata.version("litellm"), "dialects": ["openai-chat"]}
serve({**hello, "reports": "items", "capabilities": CAPABILITIES}, play)
