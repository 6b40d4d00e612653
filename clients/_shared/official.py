"""What the adapters of SDKs that Stainless generates share: clients by name, and requests as a method takes them."""

import inspect
import ssl

CLIENTS = {}


def client_for(run, client_type, http_client_type):
    """The run's client; one without a name is new."""
    name = run.get("client")
    if name in CLIENTS:
        return CLIENTS[name]
    options = {"timeout": run.get("idle_timeout_s"), "max_retries": run.get("max_retries")}
    if run.get("ca_file"):
        context = ssl.create_default_context(cafile=run["ca_file"])
        options["http_client"] = http_client_type(verify=context)
    options = {key: value for key, value in options.items() if value is not None}
    made = client_type(base_url=run["base_url"], api_key=run["api_key"], **options)
    if name is not None:
        CLIENTS[name] = made
    return made


def arguments(method, request):
    """The request as the method takes it; what it has no name for goes into the body unseen."""
    known = inspect.signature(method).parameters
    named = {key: value for key, value in request.items() if key in known}
    return {**named, "extra_body": {key: value for key, value in request.items() if key not in known}}


def hand_out(stream, run, say):
    """Says each piece as an item, up to the stop that was asked for; returns whether it was reached."""
    stop = run.get("stop")
    for number, piece in enumerate(stream, 1):
        say("item", data=piece.to_dict(warnings=False))
        if stop and number >= stop["after"]:
            if stop["how"] == "abort":
                stream.close()
            return True
    return False
