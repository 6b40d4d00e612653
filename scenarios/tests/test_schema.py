"""The schema for editors knows the keys and words of the loader, and explains each."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

import jsonschema

from streamproof_formats.dialect import DIALECT_NAMES
from streamproof_formats.profiles import PROFILES
from streamproof_scenarios.language.answers import ANSWER, ENDINGS, H2_CODES, PLACES
from streamproof_scenarios.language.clients import CLIENT
from streamproof_scenarios.language.expectations import CHOICE, OUTCOMES, READING
from streamproof_scenarios.language.modifiers import MODIFIERS
from streamproof_scenarios.language.scenarios import FORCES, REQUIRED, SCENARIO
from streamproof_scenarios.language.steps import FORMS
from streamproof_scenarios.requires import CAPABILITIES

SCHEMA: dict[str, Any] = json.loads((files("streamproof_scenarios") / "schema" / "scenario.schema.json").read_text())


def keys_of(name: str) -> set[str]:
    return set(SCHEMA["definitions"][name]["properties"])


def test_the_schema_knows_the_same_keys() -> None:
    jsonschema.Draft7Validator.check_schema(SCHEMA)
    definitions = SCHEMA["definitions"]
    assert set(SCHEMA["properties"]) == set(SCENARIO)
    assert set(SCHEMA["required"]) == set(REQUIRED)
    assert keys_of("answer") == set(ANSWER) == set(SCHEMA["properties"]["vary"]["properties"])
    assert keys_of("reading") == set(READING)
    assert keys_of("choice") == {"index", *CHOICE}
    assert set(SCHEMA["properties"]["client"]["properties"]) == set(CLIENT)
    assert {name for name in definitions if name.startswith("step-")} == {f"step-{word}" for word in FORMS}
    for word, form in FORMS.items():
        assert keys_of(f"step-{word}") == {word, *form.modifiers}
    assert {name for name in definitions if name.startswith("modifier-")} == {f"modifier-{name}" for name in MODIFIERS}


def test_the_schema_knows_the_same_words() -> None:
    definitions = SCHEMA["definitions"]
    assert definitions["dialect"]["enum"] == list(DIALECT_NAMES)
    assert definitions["outcome"]["enum"] == list(OUTCOMES)
    assert SCHEMA["properties"]["profile"]["enum"] == list(PROFILES)
    assert SCHEMA["properties"]["force"]["enum"] == list(FORCES)
    assert SCHEMA["properties"]["requires"]["items"]["enum"] == list(CAPABILITIES)
    plain, coded, placed = definitions["answer-end"]["anyOf"]
    assert plain["enum"] == list(ENDINGS)
    assert coded["properties"]["rst-stream"]["enum"] == list(H2_CODES)
    assert {kind: known["enum"] for kind, known in placed["properties"].items()} == {
        kind: list(PLACES) for kind in ("fin", "reset", "stall")
    }
    assert definitions["step"]["anyOf"][0]["enum"] == [word for word, form in FORMS.items() if form.bare]


def properties(node: Any) -> list[tuple[str, dict[str, Any]]]:
    found: list[tuple[str, dict[str, Any]]] = []
    if isinstance(node, dict):
        found += [(name, value) for name, value in node.get("properties", {}).items() if isinstance(value, dict)]
        for name, value in node.items():
            if name not in {"examples", "default"}:
                found += properties(value)
    elif isinstance(node, list):
        for value in node:
            found += properties(value)
    return found


def test_the_schema_explains_each_key_and_its_examples_hold() -> None:
    resolver_schema = {"definitions": SCHEMA["definitions"]}
    for name, value in properties(SCHEMA):
        told = SCHEMA["definitions"][value["$ref"].rsplit("/", 1)[1]] if set(value) == {"$ref"} else value
        assert told.get("description"), name
        is_varied = told.get("description", "").startswith("Values of")
        assert is_varied or "examples" in told or "const" in told or told.get("type") == "null", name
        for example in told.get("examples", ()):
            jsonschema.Draft7Validator({**resolver_schema, **told}).validate(example)
