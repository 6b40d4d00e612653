"""A small JSON value that a JSON Schema allows: the arguments that the endpoint calls tools with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

_DEPTH: Final = 8
_PLAIN: Final[dict[str, Any]] = {
    "string": "Oslo",
    "integer": 1,
    "number": 1.5,
    "boolean": True,
    "null": None,
    "array": [],
    "object": {},
}


def instance(schema: Any, depth: int = _DEPTH) -> Any:
    """A value for `schema`, as far as its types, properties, items, enums and alternatives say; references are `{}`."""
    if not isinstance(schema, Mapping) or depth == 0:
        return {}
    if "const" in schema:
        return schema["const"]
    choices = schema.get("enum")
    if isinstance(choices, list) and choices:
        return choices[0]
    for key in ("anyOf", "oneOf", "allOf"):
        alternatives = schema.get(key)
        if isinstance(alternatives, list) and alternatives:
            return instance(alternatives[0], depth - 1)
    return _of_type(schema, depth)


def _of_type(schema: Mapping[str, Any], depth: int) -> Any:
    kind = schema.get("type", "object" if "properties" in schema else None)
    if isinstance(kind, list):
        kind = kind[0] if kind else None
    properties = schema.get("properties")
    if kind == "object" and isinstance(properties, Mapping):
        return {name: instance(part, depth - 1) for name, part in properties.items()}
    if kind == "array" and isinstance(schema.get("minItems"), int):
        return [instance(schema.get("items"), depth - 1) for _ in range(min(schema["minItems"], 8))]
    if kind in ("integer", "number") and isinstance(schema.get("minimum"), (int, float)):
        return schema["minimum"]
    return _PLAIN.get(kind, {}) if isinstance(kind, str) else {}
