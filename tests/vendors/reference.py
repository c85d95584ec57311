"""The page on connectors, and how each is proven, from what the tests do.

Every test runs in `.ci/run` and none is skipped, so what stands in the tables holds.
"""

import inspect
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType

from probes.definitions.definition import definition_names, read_definition
from probes.definitions.listing import Ability, Connector, Tier, connectors
from tests.vendors import test_reading
from tests.vendors.clients.table import CLIENTS
from tests.vendors.table import VENDORS

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "connectors.md"
PROVEN = ROOT / "probes" / "definitions" / "proven.json"
_SUITES: tuple[ModuleType, ...] = (test_reading,)

_HEAD = """# Connectors

A system that `use`s one of these definitions needs an address, a credential and the names of its
streams; everything else is laid over what is ready ([how](how-to/use-a-ready-definition.md)).
This page is written from the definitions and the tests; `tieout connectors` shows the same.

How each is proven:

- **A**: against the system itself.
- **B**: against a stand-in on loopback that a client library of the vendor or its community reads
  too, unmodified. This proves that both understand the protocol alike, not the vendor's system.
- **C**: requests and answers fit the vendor's published specification.
- **D**: from documentation alone: *unverified*. Its stand-in is ours, and proves the client only.

Beside these there are the probes `rest`, `files`, `sql`, `rabbitmq` and `tryton`, which a landscape
describes itself; the last three are proven against real servers (A).
"""


def proofs() -> Mapping[str, Mapping[str, str]]:
    """Tier and proof by definition; those that are not named are unverified."""
    return {
        name: {"tier": Tier.CLIENT.value, "proof": f"stand-in read by {library}"}
        for name, library in sorted(CLIENTS.items())
    }


def proven_file() -> str:
    return json.dumps(proofs(), indent=2, sort_keys=True) + "\n"


def cases() -> list[str]:
    """Every test that is about a vendor, in order."""
    return [
        name
        for suite in _SUITES
        for name, function in vars(suite).items()
        if name.startswith("test_") and "vendor" in inspect.signature(function).parameters
    ]


def connector_page() -> str:
    found = connectors()
    return "\n".join([_HEAD, *_overview(found), *_what_holds(), *_each(found)]).rstrip() + "\n"


def _overview(found: list[Connector]) -> Iterator[str]:
    yield _row("use", "system", *Ability, "proven")
    yield _row(*["---"] * (len(Ability) + 3))
    for each in found:
        able = ("yes" if ability in each.abilities else "-" for ability in Ability)
        link = f"[`{each.name}`](#{each.name})"
        yield _row(link, each.title, *able, f"{each.tier.value}: {each.proof}")
    yield ""


def _what_holds() -> Iterator[str]:
    names = sorted(VENDORS)
    reasons: list[str] = []
    yield "## What holds of each\n"
    yield "One suite for all; a number says why a case is not for a system.\n"
    yield _row("case", *(f"`{name}`" for name in names))
    yield _row(*["---"] * (len(names) + 1))
    for case in cases():
        cells = []
        for name in names:
            why = VENDORS[name].exempt.get(case)
            if why is not None and why not in reasons:
                reasons.append(why)
            cells.append("✓" if why is None else f"({reasons.index(why) + 1})")
        yield _row(case.removeprefix("test_").replace("_", " "), *cells)
    yield ""
    for number, why in enumerate(reasons, 1):
        yield f"{number}. {why}"
    if reasons:
        yield ""


def _each(found: list[Connector]) -> Iterator[str]:
    for each in found:
        yield f"## {each.name}\n"
        yield f"{each.title}. Proven: {each.tier.value}, {each.proof}.\n"
        streams = ", ".join(f"`{name}` ({entity})" for name, entity in each.streams.items())
        yield f"Ready streams: {streams}.\n"
        for value, what in each.needs.items():
            yield f"- needs `{value}`: {what}"
        for value, usual in each.values.items():
            yield f"- may be given `{value}`: otherwise `{usual}`"
        yield from (f"- {note}" for note in each.notes)
        sources = read_definition(each.name, Path()).sources
        yield "\nFacts from " + ", ".join(f"<{source}>" for source in sources) + ".\n"


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def untried() -> set[str]:
    """Definitions without a stand-in."""
    return set(definition_names()) - VENDORS.keys()
