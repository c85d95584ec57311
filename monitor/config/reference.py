"""The landscape's reference page, written from the models that read it."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from monitor.config.descriptions import DescribedSchema
from monitor.config.landscape import landscape_model
from monitor.core.flows import RuleSettings
from monitor.core.plugins import Plugins

_INTRODUCTION = """# The landscape file

Every key that a landscape may have. This page is generated from the models that read the file.

The file is YAML 1.2, read strictly. `true`, `false`, `null` and decimal numbers are what they look
like; everything else is text, so `no`, `off`, `010` and `12:30` are never turned into something
else. Unknown keys, duplicate keys, tags, merge keys and a second document are refused. Aliases are
followed. A length of time is written `30s`, `10m`, `1h 30m`, `7d` or as ISO 8601 (`PT10M`).

`${env:NAME}` stands for an environment variable and `${file:path}` for a file's text without
the line breaks at its end, as a whole value or inside a text; a path is relative to the landscape's
folder.
`$${` is a literal `${`. A key marked *secret* takes nothing else than a reference.
"""


def reference_page(plugins: Plugins) -> str:
    """The page as Markdown: one section for each mapping, its keys in a table."""
    schema = landscape_model(plugins).model_json_schema(schema_generator=DescribedSchema)
    definitions: Mapping[str, Any] = schema["$defs"]
    sections = [_section("Landscape", schema, "What a firm's file says.")]
    for name in _in_order(schema, definitions):
        sections += _definition(name, definitions[name])
    return "\n".join([_INTRODUCTION, *sections])


def settings_tables(model: type[RuleSettings]) -> str:
    """What a rule can be told, as Markdown: a table of its own keys, and one for each mapping."""
    schema = model.model_json_schema(schema_generator=DescribedSchema)
    definitions: Mapping[str, Any] = schema.get("$defs", {})
    shared = RuleSettings.model_fields.keys()
    own_first = sorted(schema["properties"].items(), key=lambda item: item[0] in shared)
    schema["properties"] = dict(own_first)
    sections = [_section("Settings", schema, schema.get("description", ""))]
    for name in _in_order(schema, definitions):
        sections += _definition(name, definitions[name])
    return "\n".join(sections)


def _definition(name: str, definition: Mapping[str, Any]) -> Iterator[str]:
    if "properties" in definition:
        yield _section(name, definition, definition.get("description", ""))
    elif "enum" in definition:
        yield f"## {name}\n\n{_line(definition)}\n\nOne of {_type(definition)}.\n"


def _section(name: str, definition: Mapping[str, Any], text: str) -> str:
    required = set(definition.get("required", []))
    rows = [
        f"| `{key}` | {_type(value)} | {_default(key, value, required)} | {_line(value)} |"
        for key, value in definition["properties"].items()
    ]
    head = ["| key | value | default | meaning |", "| --- | --- | --- | --- |"]
    return "\n".join([f"## {name}", "", *([text, ""] if text else []), *head, *rows, ""])


def _in_order(schema: Mapping[str, Any], definitions: Mapping[str, Any]) -> list[str]:
    """The definitions, each after the one that first mentions it."""
    ordered: list[str] = []
    waiting = list(_mentioned(schema["properties"]))
    while waiting:
        name = waiting.pop(0)
        if name not in ordered:
            ordered.append(name)
            waiting = [*_mentioned(definitions[name]), *waiting]
    return ordered


def _mentioned(node: Any) -> Iterator[str]:
    if isinstance(node, Mapping):
        if isinstance(reference := node.get("$ref"), str):
            yield reference.rpartition("/")[2]
        for key, below in node.items():
            if key != "discriminator":
                yield from _mentioned(below)
    elif isinstance(node, list):
        for below in node:
            yield from _mentioned(below)


_WORDS: Mapping[str, str] = {
    "boolean": "`true`, `false`",
    "date": "date",
    "integer": "whole number",
    "null": "nothing",
    "number": "number",
    "object": "keys and values",
    "password": "text, *secret*",
    "string": "text",
    "uri": "URL",
}


def _type(schema: Mapping[str, Any]) -> str:
    match schema:
        case {"$ref": str(reference)}:
            name = reference.rpartition("/")[2]
            return f"[{name}](#{name.lower()})"
        case {"anyOf": list(options)} | {"oneOf": list(options)}:
            return " or ".join(dict.fromkeys(map(_type, options)))
        case {"const": value}:
            return _code(value)
        case {"enum": list(values)}:
            return ", ".join(map(_code, values))
        case {"type": "array" | "object"}:
            return _collection(schema)
    return "length of time" if "ge" in schema else _scalar(schema)


def _scalar(schema: Mapping[str, Any]) -> str:
    kind = schema.get("format", schema.get("type", ""))
    return _WORDS.get(kind) or _WORDS.get(schema.get("type", ""), "any")


def _collection(schema: Mapping[str, Any]) -> str:
    match schema:
        case {"items": Mapping() as items}:
            return f"list of {_type(items)}"
        case {"patternProperties": Mapping() as below}:
            return f"name: {_type(next(iter(below.values())))}"
        case {"additionalProperties": Mapping() as below}:
            return f"text: {_type(below)}"
    return _WORDS["object"]


def _default(key: str, schema: Mapping[str, Any], required: set[str]) -> str:
    if key in required:
        return "**required**"
    default = schema.get("default")
    return "" if default in (None, "", []) or isinstance(default, dict) else _code(default)


def _code(value: Any) -> str:
    return f"`{value if isinstance(value, str) else json.dumps(value)}`"


def _line(schema: Mapping[str, Any]) -> str:
    text = " ".join(str(schema.get("description", "")).split()).replace("|", "\\|")
    return re.sub(r"\bNone\b", "`null`", text)
