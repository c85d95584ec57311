"""What the keys of a section mean: read from the docstrings under its fields, when somebody asks.

Pydantic can do so too, while each class is made; that took a tenth of a second of every command.
"""

import ast
import inspect
import sys
from functools import cache
from itertools import pairwise
from types import ModuleType
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema


class DescribedSchema(GenerateJsonSchema):
    """JSON Schema in which every key says what its docstring does."""

    def model_schema(self, schema: core_schema.ModelSchema) -> JsonSchemaValue:
        """The schema of one section."""
        written = super().model_schema(schema)
        for name, field in schema["cls"].model_fields.items():
            key = field.alias or name
            value = written.get("properties", {}).get(key)
            if value is not None and (text := describe(schema["cls"], name)):
                value.setdefault("description", text)
        return written


def describe(model: type[BaseModel], field: str) -> str:
    """The docstring under a field, where the class or the nearest above it has one; else empty."""
    return next((texts[field] for each in model.__mro__ if field in (texts := _of_class(each))), "")


def _of_class(model: type[Any]) -> dict[str, str]:
    module = sys.modules.get(model.__module__)
    return _of_module(module).get(model.__qualname__, {}) if module is not None else {}


@cache
def _of_module(module: ModuleType) -> dict[str, dict[str, str]]:
    """By class of the module, the docstrings under its fields."""
    try:
        source = inspect.getsource(module)
    except (OSError, TypeError):
        return {}
    return {
        node.name: _of_body(node.body)
        for node in ast.parse(source).body
        if isinstance(node, ast.ClassDef)
    }


def _of_body(body: list[ast.stmt]) -> dict[str, str]:
    return {
        field.target.id: inspect.cleandoc(text.value.value)
        for field, text in pairwise(body)
        if isinstance(field, ast.AnnAssign)
        and isinstance(field.target, ast.Name)
        and isinstance(text, ast.Expr)
        and isinstance(text.value, ast.Constant)
        and isinstance(text.value.value, str)
    }
