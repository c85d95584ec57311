"""Landscapes that `tieout init` composes of ready definitions."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from monitor.app import load_plugins
from monitor.cli.composing import DEAL, UNKNOWN, Part, compose
from monitor.cli.exits import Exit
from monitor.config import Landscape, load_landscape
from probes.definitions.definition import definition_names, read_definition
from probes.engine.keys import as_key_mapping
from tests.cli.conftest import Run
from tests.config.test_shipped import environment

ISSUED = {Part.CRM: "salesforce", Part.PSA: "certinia", Part.ERP: "netsuite", Part.BUS: "boomi"}


def composed(chosen: Mapping[Part, str]) -> str:
    definitions = {part: (name, read_definition(name, Path())) for part, name in chosen.items()}
    return compose(definitions, "EUR")


def fitting() -> Iterator[tuple[Part, str]]:
    """Every definition in every part that it can take beside Salesforce, or as the CRM."""
    for part in Part:
        for name in definition_names():
            try:
                composed({Part.CRM: "salesforce", part: name})
            except ValueError:
                continue
            yield part, name


FITTING = list(fitting())


def loaded(text: str, folder: Path) -> Landscape:
    file = folder / "landscape.yaml"
    file.write_text(text, encoding="utf-8")
    return load_landscape(file, load_plugins(), environment(text))


def test_every_definition_with_a_deal_in_it_has_a_part() -> None:
    assert {part for part, _ in FITTING} == {*Part}
    assert len(FITTING) > 30


@pytest.mark.parametrize(("part", "name"), FITTING, ids=str)
def test_what_is_composed_passes_check(tmp_path: Path, part: Part, name: str) -> None:
    beside = {**ISSUED, Part.CPQ: "salesforce_cpq", part: name}
    _require_keys_that_fit(loaded(composed(beside), tmp_path))


def _require_keys_that_fit(landscape: Landscape) -> None:
    """One spelling of a deal's number in all systems; no kind of key that two systems define."""
    streams = [
        (system, stream)
        for system, settings in landscape.systems.items()
        for stream in settings.streams.values()
    ]
    keys = [
        as_key_mapping(role[DEAL])
        for _, stream in streams
        for role in (stream.defines, stream.refers)
        if DEAL in role
    ]
    assert len({key.normalise for key in keys}) == 1
    defined = {(kind, system) for system, stream in streams for kind in stream.defines}
    assert len({kind for kind, _ in defined}) == len(defined)


def test_the_command_writes_a_landscape_that_the_next_command_accepts(
    tieout: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "landscape.yaml"
    words = [word for part, name in ISSUED.items() for word in (f"--{part}", name)]
    assert tieout("init", str(file), *words).status == Exit.IN_ORDER
    text = file.read_text(encoding="utf-8")
    for name, value in environment(text).items():
        monkeypatch.setenv(name, value)
    checked = tieout("check", str(file))
    assert checked.status == Exit.IN_ORDER
    for stream in ("erp.project", "bus.execution"):
        assert (
            f"{stream}: name the field that holds the deal, in place of '{UNKNOWN}'" in checked.out
        )
    asked = {line.strip() for line in text.splitlines() if UNKNOWN in line}
    assert asked == {f"from: {UNKNOWN}"} | {line for line in asked if line.startswith("#")}
    assert re.search(r"crm-opportunity-to-psa-project:\n\s+from: crm.opportunity", text)


def test_one_system_in_several_parts_is_one_system(tmp_path: Path) -> None:
    landscape = loaded(composed({Part.CRM: "odoo", Part.PSA: "odoo", Part.ERP: "odoo"}), tmp_path)
    assert {name: set(each.streams) for name, each in landscape.systems.items()} == {
        "crm": {*read_definition("odoo", Path()).streams}
    }
    assert f"from: {UNKNOWN}" not in composed({Part.CRM: "odoo", Part.ERP: "odoo"})


def test_what_one_record_is_asked_others_need_not_be(tmp_path: Path) -> None:
    """Kantata's time entries are found by their project, which alone must name the deal."""
    text = composed({Part.CRM: "salesforce", Part.PSA: "kantata"})
    assert text.count(f"from: {UNKNOWN}") == 1
    assert "project" in loaded(text, tmp_path).flows["sales-to-cash"].through


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["--crm", "salesfarce"], "there is no definition salesfarce"),
        (["--erp", "netsuite"], "a deal begins in a CRM"),
        (["--crm", "boomi"], "boomi has no ready stream of customer or opportunity"),
        (["--crm", "salesforce", "--bus", "xero"], "xero has no ready stream of message"),
        (["--crm", "salesforce", "--bus", "okta"], "okta has no ready stream of message"),
    ],
)
def test_what_does_not_fit_is_refused_and_nothing_is_written(
    tieout: Run, tmp_path: Path, words: list[str], why: str
) -> None:
    done = tieout("init", str(tmp_path / "landscape.yaml"), *words)
    assert done.status == Exit.REFUSED
    assert why in done.err
    assert list(tmp_path.iterdir()) == []
