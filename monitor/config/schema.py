"""The landscape as JSON Schema, for editors: completion, and marks while one types."""

from collections.abc import Mapping
from typing import Any

from monitor.config.descriptions import DescribedSchema
from monitor.config.landscape import landscape_model
from monitor.core.plugins import Plugins

_REFERENCE = {"type": "string", "pattern": r"\$\{(env|file):[^${}]*\}"}
_WHOLE_REFERENCE = {"type": "string", "pattern": r"^\$\{(env|file):[^${}]*\}$"}
_USING = {
    "description": "A system that a ready definition describes; the rest is laid over it.",
    "type": "object",
    "properties": {
        "use": {"description": "Name of the definition, or a file.", "type": "string"},
        "values": {"description": "What the definition needs to be told.", "type": "object"},
    },
    "required": ["use"],
}
_NOT_TEXT = frozenset({"integer", "number", "boolean"})


def landscape_schema(plugins: Plugins) -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of a landscape as these plug-ins allow it.

    It follows the file, not the values: a number may also be written as a reference, and a
    secret must be.
    """
    schema = landscape_model(plugins).model_json_schema(schema_generator=DescribedSchema)
    systems = schema["properties"]["systems"]["patternProperties"]
    for name, system in systems.items():
        systems[name] = {"anyOf": [system, _USING]}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "description": "What tieout watches, and what must hold.",
        **_as_written({**schema, "title": "tieout landscape"}),
    }


def _as_written(node: Any) -> Any:
    """A part of the schema, said of the text in the file."""
    if isinstance(node, list):
        return [_as_written(item) for item in node]
    if not isinstance(node, Mapping):
        return node
    if node.get("format") == "password":
        return {**_described(node), **_REFERENCE}
    # Pydantic writes a bound that JSON Schema has no word for, such as a length of time, as "ge".
    kept = {key: _part(key, value) for key, value in node.items() if key not in {"ge", "default"}}
    if "default" in node:
        kept["default"] = node["default"]
    if "patternProperties" in node:
        kept["additionalProperties"] = False
    if node.get("type") in _NOT_TEXT:
        described = _described(kept)
        bare = {key: value for key, value in kept.items() if key not in described}
        return {**described, "anyOf": [bare, _WHOLE_REFERENCE]}
    return kept


def _part(key: str, value: Any) -> Any:
    if key in {"properties", "patternProperties", "$defs"}:
        return {name: _as_written(below) for name, below in value.items()}
    return value if key in {"enum", "const", "required"} else _as_written(value)


def _described(node: Mapping[str, Any]) -> dict[str, Any]:
    return {key: node[key] for key in ("title", "description", "default") if key in node}
