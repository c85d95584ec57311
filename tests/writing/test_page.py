"""The page on writing is read word by word: its landscapes load, and can do what its table says."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from monitor.app import build_estate, read_landscape
from monitor.core.clock import system_clock
from monitor.core.writing import Writable
from tests.docs.pages import blocks, table
from tests.writing import fake_target

PAGE = "how-to/let-tieout-write.md"
SECRETS: Mapping[str, str] = {
    "ERP_READ_URL": "postgresql+psycopg://reader:r@localhost/erp",
    "ERP_WRITE_URL": "postgresql+psycopg://writer:w@localhost/erp",
    **{f"{name}_URL": "http://localhost:1" for name in ("BILLING", "PSA", "RABBITMQ", "TARGET")},
    **dict.fromkeys(
        ("BILLING_READ_TOKEN", "BILLING_WRITE_TOKEN", "PSA_READ_PASSWORD", "PSA_WRITE_PASSWORD",
         "RABBITMQ_READ_PASSWORD", "RABBITMQ_WRITE_PASSWORD"), "secret"
    ),
    "READ_TOKEN": fake_target.READER,
    "WRITE_TOKEN": fake_target.WRITER,
}  # fmt: skip


def abilities(systems: str, folder: Path) -> Iterator[tuple[str, str, str]]:
    """Stream, operation and safety of everything that these systems can be asked to write."""
    path = folder / "landscape.yaml"
    path.write_text(f"version: 1\nfirm: {{name: Alder & Birch}}\n{systems}", encoding="utf-8")
    estate = build_estate(read_landscape(path, SECRETS), system_clock, calls_today={})
    try:
        for stream in estate.sources:
            probe = estate.probes[stream.system]
            assert isinstance(probe, Writable)
            writer = probe.writer()
            assert writer is not None
            for operation, safety in writer.abilities(stream.stream).operations.items():
                yield f"`{stream}`", operation.value, safety.value
    finally:
        estate.close()


def test_the_landscapes_can_do_what_the_table_says(tmp_path: Path) -> None:
    found = [row for block in blocks(PAGE, "yaml") for row in abilities(block, tmp_path)]
    assert sorted(found) == sorted(tuple(row) for row in table(PAGE, "stream"))


@pytest.mark.parametrize("number", range(4))
def test_every_landscape_has_a_credential_of_its_own_for_writing(number: int) -> None:
    document = YAML(typ="safe", pure=True).load(blocks(PAGE, "yaml")[number])
    (system,) = document["systems"].values()
    assert "${env:" in str(system["write"])


def test_the_fake_target_is_described_as_its_settings_are(tmp_path: Path) -> None:
    text = fake_target.__doc__ or ""
    snippet = text[text.index("    systems:") :]
    lines = [line.removeprefix("    ") for line in snippet.splitlines()]
    found = {row[1:] for row in abilities("\n".join(lines), tmp_path)}
    assert found == {("create", "keyed"), ("update", "conditional"), ("delete", "conditional"),
                     ("trigger", "keyed")}  # fmt: skip
    described = YAML(typ="safe", pure=True).load("\n".join(lines))["systems"]["billing"]
    with fake_target.FakeTarget() as target:
        assert described["streams"] == target.system()["streams"]


def test_to_let_tieout_write_changes_nothing_about_what_is_read(tmp_path: Path) -> None:
    """A stream that reads differently is read anew from the beginning; this one is not."""
    path = tmp_path / "landscape.yaml"
    billing = blocks(PAGE, "yaml")[0]
    declared = billing.index("        write:\n          fields:")
    digests = []
    for systems in (billing, billing[:declared]):
        path.write_text(f"version: 1\nfirm: {{name: Alder & Birch}}\n{systems}", encoding="utf-8")
        estate = build_estate(read_landscape(path, SECRETS), system_clock, calls_today={})
        digests += [source.digest for source in estate.sources.values()]
        estate.close()
    assert digests[0] == digests[1]
