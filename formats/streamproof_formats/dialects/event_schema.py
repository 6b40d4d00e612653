"""The schema of one event, compiled: what `jsonschema` would say of it, at the cost of a few dictionary look-ups.

Every event of every stream passes here, hostile ones too, so the time is bounded by the size of the event, nothing
recurses deeper than the schema, and nothing is printed until a finding needs it.  That is why the schemas of events
keep to a few keywords; a keyword that is not known here is an error when the schema is prepared.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

import attrs

from streamproof_formats.dialects.wording import listed, quoted, shown

_ACCEPTED: Final[Mapping[str, frozenset[type]]] = {
    "object": frozenset({dict}),
    "array": frozenset({list}),
    "string": frozenset({str}),
    "integer": frozenset({int}),
    "number": frozenset({int, float}),
    "boolean": frozenset({bool}),
    "null": frozenset({type(None)}),
}
_KEYWORDS: Final = frozenset(
    {
        "$schema",
        "$defs",
        "title",
        "description",
        "type",
        "enum",
        "const",
        "required",
        "properties",
        "items",
        "$ref",
        "allOf",
    }
)
_DEEPEST: Final = 24


@attrs.frozen
class Fault:
    """One place where a value departs from its schema."""

    path: tuple[str | int, ...]
    """Keys and array places from the root; of a missing key, where it would be."""
    expected: str
    found: str

    @property
    def place(self) -> str:
        """The path as printed: `$.choices[0].delta`."""
        return "$" + "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in self.path)

    def __str__(self) -> str:
        return f"{self.place}: expected {self.expected}, found {self.found}"


@attrs.frozen(eq=False)
class EventSchema:
    """A compiled schema node."""

    accepted: frozenset[type]
    """Types of values that the node admits; all if empty."""
    settled: frozenset[type]
    """Types of which every value is valid, without a further look."""
    values: frozenset[str | None] | None
    """The values that `enum` or `const` admits."""
    integral: bool
    """True where a float without a fraction is admitted: JSON Schema calls 1.0 an integer."""
    expected: str
    required: tuple[str, ...]
    properties: Mapping[str, EventSchema]
    items: EventSchema | None
    kind_key: str = ""
    """The key of an object whose text tells its kind, where kinds differ."""
    kinds: Mapping[str, EventSchema] = attrs.field(factory=dict)
    """What else binds an object of a kind."""

    def faults(self, value: Any) -> Iterable[Fault]:
        """Where the value departs from the schema: empty if nowhere, and found one by one, for they may be many."""
        return () if self.fits(value) else self._each(value)

    def fits(self, value: Any) -> bool:
        """True if the value departs from the schema nowhere."""
        kind = type(value)
        if self.values is not None:
            return (kind is str or value is None) and value in self.values
        if self.accepted and kind not in self.accepted:
            return self.integral and kind is float and bool(value.is_integer())
        if kind is dict:
            return self._fits_object(value)
        if kind is list and self.items is not None:
            for item in value:
                if type(item) not in self.items.settled and not self.items.fits(item):
                    return False
        return True

    def _fits_object(self, value: dict[str, Any]) -> bool:
        properties = self.properties
        for key in self.required:
            if key not in value:
                return False
        for key, item in value.items():
            schema = properties.get(key)
            if schema is None or type(item) in schema.settled:
                continue
            # Enumerations are looked at here: nearly every chunk has some, and a call costs more than the look.
            if schema.values is not None and (type(item) is str or item is None) and item in schema.values:
                continue
            if not schema.fits(item):
                return False
        kind = value.get(self.kind_key) if self.kinds else None
        schema = self.kinds.get(kind) if isinstance(kind, str) else None
        return schema is None or schema.fits(value)

    def _each(self, value: Any) -> Iterator[Fault]:
        """The faults of a value that has some."""
        kind = type(value)
        if self.values is not None or (
            self.accepted and kind not in self.accepted and not (self.integral and kind is float and value.is_integer())
        ):
            yield Fault((), self.expected, shown(value))
        elif kind is dict:
            yield from self._each_of_object(value)
        elif kind is list and self.items is not None:
            for number, item in enumerate(value):
                for fault in self.items.faults(item):
                    yield Fault((number, *fault.path), fault.expected, fault.found)

    def _each_of_object(self, value: dict[str, Any]) -> Iterator[Fault]:
        properties = self.properties
        for key, item in value.items():
            schema = properties.get(key)
            for fault in () if schema is None else schema.faults(item):
                yield Fault((key, *fault.path), fault.expected, fault.found)
        for key in self.required:
            if key not in value:
                schema = properties.get(key)
                yield Fault((key,), schema.expected if schema else "a value", "nothing")
        kind = value.get(self.kind_key) if self.kinds else None
        schema = self.kinds.get(kind) if isinstance(kind, str) else None
        if schema is not None:
            yield from schema.faults(value)


def compiled(document: Mapping[str, Any]) -> EventSchema:
    """Prepares a schema.  Raises ValueError for a keyword that event schemas do not use."""
    return _compiled(document, document, 0)


def _compiled(schema: Mapping[str, Any], root: Mapping[str, Any], depth: int) -> EventSchema:
    unknown = schema.keys() - _KEYWORDS
    if unknown or depth > _DEEPEST:
        raise ValueError(f"a schema of events knows no {listed(sorted(unknown)) if unknown else 'recursion'}")
    if "$ref" in schema:
        name = str(schema["$ref"]).removeprefix("#/$defs/")
        return _compiled(root["$defs"][name], root, depth + 1)
    values = None
    if "enum" in schema or "const" in schema:
        values = frozenset(schema["enum"] if "enum" in schema else [schema["const"]])
        if not all(value is None or isinstance(value, str) for value in values):
            raise ValueError("an enumeration of an event's schema holds texts and null only")
    names = schema.get("type", [])
    names = [names] if isinstance(names, str) else names
    accepted = frozenset(kind for name in names for kind in _ACCEPTED[name])
    properties = {key: _compiled(item, root, depth + 1) for key, item in schema.get("properties", {}).items()}
    items = _compiled(schema["items"], root, depth + 1) if "items" in schema else None
    required = tuple(schema.get("required", ()))
    kind_key, kinds = _kinds(schema.get("allOf", ()), root, depth)
    looked_into = _ACCEPTED["object"] if properties or required or kinds else frozenset()
    if items is not None:
        looked_into |= _ACCEPTED["array"]
    ordered = list(schema["enum"]) if "enum" in schema else [schema.get("const")]
    return EventSchema(
        accepted=accepted,
        settled=frozenset() if values is not None else accepted - looked_into,
        values=values,
        integral="integer" in names and "number" not in names,
        expected=listed(["null" if item is None else quoted(item) for item in ordered])
        if values is not None
        else listed(list(names) or ["any value"]),
        required=required,
        properties=properties,
        items=items,
        kind_key=kind_key,
        kinds=kinds,
    )


def _kinds(
    conditions: Sequence[Mapping[str, Any]], root: Mapping[str, Any], depth: int
) -> tuple[str, dict[str, EventSchema]]:
    """Reads `allOf` as what it may hold here: conditions on one key of an object, with a text each."""
    keys: set[str] = set()
    kinds: dict[str, EventSchema] = {}
    for condition in conditions:
        match condition:
            case {
                "if": {"type": "object", "properties": properties, "required": [str(key)], **others},
                "then": then,
                **more,
            } if not others and not more and list(properties) == [key] and list(properties[key]) == ["const"]:
                keys.add(key)
                kinds[str(properties[key]["const"])] = _compiled(then, root, depth + 1)
            case _:
                raise ValueError("a schema of events knows no allOf but conditions on the text of one key")
    if len(keys) > 1:
        raise ValueError(f"a schema of events knows no conditions on several keys: {listed(sorted(keys))}")
    return next(iter(keys), ""), kinds
