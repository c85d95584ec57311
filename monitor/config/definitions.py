"""Systems that use a ready definition, written out before the landscape is validated."""

from dataclasses import replace
from typing import Any

from monitor.config.document import Document
from monitor.config.issues import ConfigurationError, Problem
from monitor.core.plugins import Misfit, Plugins


def with_definitions(document: Document, plugins: Plugins) -> Document:
    """The document with every system in full; places stay those of the file.

    References are not followed yet, so that what they stand for is never taken for a placeholder.

    Raises:
        ConfigurationError: a definition that does not exist, or does not fit what is said above it.
    """
    systems = document.tree.get("systems")
    expand = plugins.expand_system
    if expand is None or not isinstance(systems, dict):
        return document
    problems: list[Problem] = []
    whole: dict[str, Any] = {}
    for name, system in systems.items():
        whole[name] = system
        if isinstance(system, dict) and "use" in system:
            try:
                whole[name] = expand(system, document.file.parent)
            except Misfit as misfit:
                problems.append(Problem(("systems", name, *misfit.at), str(misfit)))
    if problems:
        raise ConfigurationError([document.locate(problem) for problem in problems])
    return replace(document, tree={**document.tree, "systems": whole})
