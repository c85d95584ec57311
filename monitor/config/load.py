"""A landscape from a file: read, references followed, shape validated, cross-checked.

Every issue of a stage is reported at once; a later stage needs what the earlier ones prove.
"""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from pydantic import BaseModel, Secret, SecretStr, ValidationError
from pydantic_core import ErrorDetails

from monitor.config.check import check_landscape
from monitor.config.definitions import with_definitions
from monitor.config.document import Document, Tree, read_document, read_plain
from monitor.config.issues import ConfigurationError, Issue, KeyPath, Problem
from monitor.config.landscape import Landscape, landscape_model
from monitor.config.messages import read_errors
from monitor.config.named import named_plugins
from monitor.config.own_templates import with_templates_of_folder
from monitor.config.rates import with_rates_of_file
from monitor.config.references import References, Resolved, resolve_references
from monitor.config.shape import Shape
from monitor.core.plugins import Plugins

MOST_ERRORS = 200
"""Whoever made more mistakes than this made one mistake many times."""


def load_landscape(path: Path, plugins: Plugins, environment: Mapping[str, str]) -> Landscape:
    """Read a landscape; each call gives a fresh object, or none at all.

    Args:
        path: the YAML file.
        plugins: what systems, rules and channels it may name.
        environment: where `${env:NAME}` looks.

    Raises:
        ConfigurationError: with every issue found, each at its line.
    """
    return resolve_landscape(read_document(path), plugins, environment)


def resolve_landscape(
    document: Document, plugins: Plugins, environment: Mapping[str, str]
) -> Landscape:
    """A landscape from a document that has been read.

    Raises:
        ConfigurationError: with every issue found, each at its line.
    """
    if not isinstance(document.tree, dict):
        problem = Problem((), "a landscape is a mapping that starts with 'version: 1'")
        raise ConfigurationError([document.locate(problem)])
    document = with_definitions(document, plugins)
    model = landscape_model(named_plugins(document.tree, plugins))
    resolved = resolve_references(document, environment)
    shape = Shape(model.model_json_schema, resolved.tree)
    tree, misread = with_rates_of_file(_retype_references(resolved, shape), document.file.parent)
    tree, unread = with_templates_of_folder(tree, document.file.parent)
    landscape, errors = _validate(model, tree)
    problems = [*resolved.problems, *misread, *unread]
    if landscape is None or _has_secrets(landscape):
        problems.extend(_check_secrets(shape, resolved))
    known = {problem.path for problem in problems}
    told = read_errors(errors, shape, tree, resolved.references) if errors else []
    problems.extend(problem for problem in told if problem.path not in known)
    if landscape is not None and not problems:
        problems.extend(check_landscape(landscape, plugins))
    if landscape is None or problems:
        raise ConfigurationError(_locate(problems, document, resolved.references))
    landscape.remember_references(resolved.references.written)
    return landscape


def _validate(model: type[Landscape], tree: Tree) -> tuple[Landscape | None, list[ErrorDetails]]:
    """The landscape, or None and what is wrong."""
    try:
        # As JSON, strict means what a reader of YAML expects: no number for text, a list for a
        # tuple, a word for an enum.
        return model.model_validate_json(json.dumps(tree), strict=True), []
    except ValidationError as error:
        return None, error.errors(include_url=False, include_input=False)[:MOST_ERRORS]


def _has_secrets(value: object) -> bool:
    """Whether a part of a landscape, or anything in it, is a secret."""
    match value:
        case BaseModel():
            return any(_has_secrets(getattr(value, name)) for name in type(value).model_fields)
        case Mapping():
            return any(map(_has_secrets, value.values()))
        case list() | tuple() | set() | frozenset():
            return any(map(_has_secrets, value))
    return isinstance(value, Secret | SecretStr)


def _retype_references(resolved: Resolved, shape: Shape) -> Tree:
    """What a reference stands for is text, except where only a number or a word can stand."""
    tree = resolved.tree
    for path in resolved.references.written:
        if not shape.takes_text(path):
            tree = _replaced(tree, path)
    return tree


def _replaced(tree: Tree, path: KeyPath) -> Tree:
    if not path:
        return read_plain(tree)
    step, rest = path[0], path[1:]
    copy = tree.copy()
    copy[step] = _replaced(tree[step], rest)
    return copy


def _check_secrets(shape: Shape, resolved: Resolved) -> list[Problem]:
    message = "a secret must not stand in the file: write it as ${env:NAME} or ${file:path}"
    failed = {problem.path for problem in resolved.problems}
    return [
        Problem(path, message)
        for path in shape.secrets()
        if path not in resolved.references.written and path not in failed
    ]


def _locate(
    problems: Iterable[Problem], document: Document, references: References
) -> Iterable[Issue]:
    for problem in problems:
        message = references.redact(problem.message)
        yield document.locate(Problem(problem.path, message, at_key=problem.at_key))
