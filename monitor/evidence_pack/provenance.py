"""What a report follows from beside records: version, rules, configuration, calendars, rates."""

import json
from collections.abc import Mapping
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from monitor.config.effective import digest_of
from monitor.estate import Estate, Flow
from monitor.evidence_pack.verify import canonical
from monitor.version import VERSION

LIBRARIES = ("holidays", "polars", "rapidfuzz", "typst", "xlsxwriter")
"""Whose version what a rule finds, or the bytes of a file, can depend on."""

OF_FINDINGS = (
    "calendars", "controls", "corrections", "entities", "firm", "flows", "owners", "rates",
    "settle", "systems", "version", "watches",
)  # fmt: skip
"""Sections of a landscape that findings and corrections follow from: where the store is, and who is
told, is none of it."""


def select_configuration(effective: Mapping[str, Any]) -> dict[str, Any]:
    """The part of an effective landscape that a report follows from, secrets left out.

    Numbers with fractions are given as texts: the one encoding that is hashed has none.
    """
    chosen = {name: _exact(effective[name]) for name in OF_FINDINGS if name in effective}
    # A landscape without controls says what it said before there were any.
    return {name: each for name, each in chosen.items() if name != "controls" or each}


def _exact(value: Any) -> Any:
    match value:
        case float():
            return repr(value)
        case dict():
            return {name: _exact(each) for name, each in value.items()}
        case list() | tuple():
            return [_exact(each) for each in value]
        case _:
            return value


def provenance_of(
    flow: Flow, rules: tuple[str, ...], estate: Estate, configuration: Mapping[str, Any]
) -> dict[str, Any]:
    """Versions and hashes, for the manifest."""
    return {
        "tool": {"name": "tieout", "version": VERSION},
        "libraries": {name: each for name in LIBRARIES if (each := _version(name))},
        "configuration": sha256(canonical(dict(configuration))).hexdigest(),
        "flow": flow.digest,
        "rules": {name: digest_of(each) for name, each in flow.settings.items() if name in rules},
        "streams": {str(stream): source.digest for stream, source in estate.sources.items()},
        "calendars": sha256(canonical(configuration.get("calendars"))).hexdigest(),
        "rates": sha256(canonical(configuration.get("rates"))).hexdigest(),
    }


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def parameters_of(
    request: Mapping[str, Any], made_with: Mapping[str, Any]
) -> list[tuple[str, str]]:
    """The same as rows for people, nothing left out."""
    rows = []
    for name, value in {**request, **made_with}.items():
        if isinstance(value, dict):
            rows += [(f"{name} {inner}", _shown(each)) for inner, each in value.items()]
        else:
            rows.append((name, _shown(value)))
    return rows


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
