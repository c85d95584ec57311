"""The part of JSON Schema that ours uses, read the way an editor reads it."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

Schema = Mapping[str, Any]

_TYPES: Mapping[str, tuple[type, ...]] = {
    "array": (list,),
    "boolean": (bool,),
    "integer": (int,),
    "null": (type(None),),
    "number": (int, float),
    "object": (dict,),
    "string": (str,),
}
_KNOWN = frozenset(
    {
        *("$schema", "$defs", "$ref", "title", "description", "default", "discriminator"),
        *("type", "const", "enum", "pattern", "format", "minLength", "maxLength", "writeOnly"),
        *("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "anyOf", "oneOf"),
        *("items", "minItems", "maxItems"),
        *("properties", "patternProperties", "additionalProperties", "required", "minProperties"),
    }
)


def unknown_words(node: Any) -> set[str]:
    """Keywords that this reader, and perhaps an editor, knows nothing of."""
    found: set[str] = set()
    if isinstance(node, list):
        return found.union(*map(unknown_words, node)) if node else found
    if not isinstance(node, Mapping):
        return found
    for key, below in node.items():
        if key in {"properties", "patternProperties", "$defs"}:
            found = found.union(*map(unknown_words, below.values()))
        elif key not in {"default", "const", "enum", "discriminator"}:
            found |= unknown_words(below)
    return found | (node.keys() - _KNOWN)


def accepts(schema: Schema, value: Any, root: Schema | None = None) -> bool:
    """Whether a document passes."""
    root = root or schema
    return all(_checks(schema, value, root))


def _checks(schema: Schema, value: Any, root: Schema) -> Iterator[bool]:
    if "$ref" in schema:
        yield accepts(root["$defs"][schema["$ref"].rpartition("/")[2]], value, root)
    if "anyOf" in schema:
        yield any(accepts(option, value, root) for option in schema["anyOf"])
    if "oneOf" in schema:
        yield sum(accepts(option, value, root) for option in schema["oneOf"]) == 1
    if "type" in schema:
        is_bool = isinstance(value, bool)
        yield isinstance(value, _TYPES[schema["type"]]) and is_bool == (
            schema["type"] == "boolean" if is_bool else False
        )
    if "const" in schema:
        yield value == schema["const"]
    if "enum" in schema:
        yield value in schema["enum"]
    if "pattern" in schema and isinstance(value, str):
        yield re.search(schema["pattern"], value) is not None
    yield from _bounds(schema, value)
    if isinstance(value, dict):
        yield from _object(schema, value, root)
    if isinstance(value, list):
        yield from (accepts(schema.get("items", {}), item, root) for item in value)


def _bounds(schema: Schema, value: Any) -> Iterator[bool]:
    if isinstance(value, int | float):
        yield value >= schema.get("minimum", value)
        yield value <= schema.get("maximum", value)
        yield "exclusiveMinimum" not in schema or value > schema["exclusiveMinimum"]
        yield "exclusiveMaximum" not in schema or value < schema["exclusiveMaximum"]
    if isinstance(value, list):
        yield len(value) >= schema.get("minItems", 0)


def _object(schema: Schema, value: Mapping[str, Any], root: Schema) -> Iterator[bool]:
    yield value.keys() >= set(schema.get("required", ()))
    yield len(value) >= schema.get("minProperties", 0)
    for key, item in value.items():
        below = [schema["properties"][key]] if key in schema.get("properties", {}) else []
        patterns = schema.get("patternProperties", {}).items()
        below += [part for pattern, part in patterns if re.search(pattern, key)]
        if below:
            yield all(accepts(part, item, root) for part in below)
        elif isinstance(further := schema.get("additionalProperties", True), Mapping):
            yield accepts(further, item, root)
        else:
            yield bool(further)
