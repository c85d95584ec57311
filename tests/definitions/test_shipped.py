"""Every definition that tieout brings makes a system that its probe takes."""

from pathlib import Path
from typing import Any

import pytest

from monitor.core.clock import system_clock
from monitor.core.entities import ENTITIES
from monitor.core.plugins import ProbeContext
from probes import PROBES
from probes.definitions.definition import definition_names, read_definition
from probes.definitions.expansion import expand_system
from probes.writing.checks import check_stream
from tests.definitions.credentials import CREDENTIALS

NAMES = definition_names()


def whole(name: str) -> dict[str, Any]:
    """A system with every ready stream of a definition."""
    definition = read_definition(name, Path())
    given = {
        "use": name,
        "values": dict.fromkeys(definition.needs, "acme"),
        "streams": dict.fromkeys(definition.streams),
        **CREDENTIALS[name],
    }
    return expand_system(given, Path())


@pytest.mark.parametrize("name", NAMES)
def test_a_definition_says_where_its_facts_are_from_and_needs_only_a_credential(
    name: str,
) -> None:
    system = whole(name)
    probe = PROBES[system["probe"]]
    settings = probe.settings.model_validate(system)
    assert settings.streams
    for stream in settings.streams.values():
        assert check_stream(stream, ENTITIES) == []
    probe.build(settings, ProbeContext(name, ENTITIES, system_clock, lambda seconds: None)).close()


@pytest.mark.parametrize("name", NAMES)
def test_a_definition_holds_no_secret_and_every_source_is_an_address(name: str) -> None:
    definition = read_definition(name, Path())
    assert all(each.startswith("https://") for each in definition.sources)
    secrets = {"token", "password", "client_secret", "key", "private_key"}
    assert not secrets & definition.system.get("auth", {}).keys()
