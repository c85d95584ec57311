"""Secrets come from outside the file, and nothing that is shown holds them."""

import json
import traceback
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.config import ConfigurationError, load_landscape
from monitor.config.document import parse_document
from monitor.config.effective import digest, digest_of, effective, rules_digest
from monitor.config.load import resolve_landscape
from monitor.config.references import References, Resolved, resolve_references
from tests.config.test_load import ENVIRONMENT, FIRM, load
from tests.config.toys import TOYS

CANARIES = ("canary-folder", "8080", "canary-token", "canary-tenant", "file-canary-value")


def resolve(text: str, folder: Path, environment: dict[str, str]) -> Resolved:
    return resolve_references(parse_document(text, folder / "landscape.yaml"), environment)


def test_references_are_followed_whole_or_inside_a_text(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("from-file\r\n", encoding="utf-8")
    text = "a: ${env:A}\nb: x-${env:A}-${file:token}\nc: $${env:A} $5 $\n"
    resolved = resolve(text, tmp_path, {"A": "1"})
    assert resolved.tree == {"a": "1", "b": "x-1-from-file", "c": "${env:A} $5 $"}
    assert resolved.references.written == {
        ("a",): "${env:A}",
        ("b",): "x-${env:A}-${file:token}",
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("${env:GONE}", "the environment variable GONE is not set"),
        ("${env:}", "the environment variable  is not set"),
        ("${file:gone}", "the file gone cannot be read: No such file or directory"),
        ("${file:.}", "the file . cannot be read: Is a directory"),
        ("${file:binary}", "the file binary is not UTF-8 text"),
        ("${file:large}", "the file large is larger than 65,536 bytes"),
        ("${ENV:A}", "'ENV' is no kind of reference; did you mean 'env'?"),
        ("${A}", "write ${env:NAME} or ${file:path}, or $${ for a literal ${"),
        ("${", "write ${env:NAME} or ${file:path}, or $${ for a literal ${"),
    ],
)
def test_a_reference_that_leads_nowhere_is_named(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "binary").write_bytes(b"\xff")
    (tmp_path / "large").write_bytes(b"x" * 65_537)
    (problem,) = resolve(f"a: '{text}'", tmp_path, {"A": "1"}).problems
    assert problem.path == ("a",)
    assert problem.message == message


def test_a_number_may_come_from_a_reference() -> None:
    assert load().server.port == 8080


def test_no_value_of_a_reference_is_shown_by_a_landscape() -> None:
    landscape = load()
    shown = [
        repr(landscape),
        str(landscape),
        f"{landscape.systems} {landscape.store} {landscape.channels} {landscape.server!r}",
        repr(landscape.references),
        json.dumps(effective(landscape)),
    ]
    for canary in CANARIES:
        assert not any(canary in text for text in shown)


def test_the_effective_landscape_shows_references_and_defaults() -> None:
    shown = effective(load())
    assert shown["store"]["url"] == "sqlite:///${env:FOLDER}/tieout.db"
    assert shown["server"] == {"host": "127.0.0.1", "port": "${env:PORT}", "address": None}
    assert shown["channels"]["desk"]["secret"] == "${file:secret.txt}"
    assert shown["systems"]["crm"]["headers"]["X-Tenant"] == "${env:TENANT}"


@pytest.mark.parametrize("line", range(1, FIRM.read_text(encoding="utf-8").count("\n") + 1))
def test_no_value_of_a_reference_is_shown_by_an_error(tmp_path: Path, line: int) -> None:
    lines = FIRM.read_text(encoding="utf-8").splitlines()
    lines[line - 1] = lines[line - 1].replace(": ", ": ${env:TENANT}", 1)
    file = tmp_path / "landscape.yaml"
    file.write_text("\n".join(lines), encoding="utf-8")
    (tmp_path / "secret.txt").write_text("file-canary-value", encoding="utf-8")
    try:
        landscape = load_landscape(file, TOYS, ENVIRONMENT)
    except ConfigurationError as error:
        shown = "".join(traceback.format_exception(error)) + repr(error.issues)
    else:
        shown = json.dumps(effective(landscape))
    for canary in CANARIES:
        assert canary not in shown.replace(str(tmp_path), "")


@given(st.text(min_size=1), st.text(), st.text())
def test_a_redacted_text_does_not_hold_the_value(value: str, before: str, after: str) -> None:
    long = f"long{value}"
    redacted = References({}, frozenset({long})).redact(f"{before}{long}{after}")
    assert long not in redacted.replace("…", "\0") or long in f"{before}\0{after}"


def test_a_short_value_is_hidden_where_it_stands_alone() -> None:
    references = References({}, frozenset({"a"}))
    assert references.redact("unknown probe 'a' at a") == "unknown probe '…' at …"


def changed(**replacements: str) -> Any:
    text = FIRM.read_text(encoding="utf-8")
    for old, new in replacements.items():
        assert old in text
        text = text.replace(old, new)
    return resolve_landscape(parse_document(text, FIRM), TOYS, ENVIRONMENT)


def test_the_digest_follows_meaning_not_spelling_nor_secrets() -> None:
    landscape = load()
    rotated = load_landscape(FIRM, TOYS, {**ENVIRONMENT, "CRM_TOKEN": "another"})
    assert digest(rotated) == digest(landscape)
    assert digest(changed(**{"settle: 5m": "settle: PT300S"})) == digest(landscape)
    assert digest(changed(**{"settle: 5m": "settle: 6m"})) != digest(landscape)


def test_the_digest_of_rules_follows_what_findings_follow_from() -> None:
    flow = "sales-to-cash"
    now = rules_digest(load(), flow)
    assert rules_digest(changed(**{"folder: /exports": "folder: /other"}), flow) == now
    for old, new in {
        "within: 4h": "within: 5h",
        "2026-12-25": "2026-12-24",
        "settle: 5m": "settle: 6m",
        "owner: finance": "owner: sales",
    }.items():
        assert rules_digest(changed(**{old: new}), flow) != now


def test_the_digest_of_a_section_leaves_secrets_out() -> None:
    landscape = load()
    rotated = load_landscape(FIRM, TOYS, {**ENVIRONMENT, "CRM_TOKEN": "another"})
    assert digest_of(rotated.systems["crm"]) == digest_of(landscape.systems["crm"])
    assert digest_of(landscape.systems["crm"]) != digest_of(landscape.systems["psa"])


def test_what_a_plug_in_reshaped_around_a_reference_is_hidden_whole() -> None:
    landscape = load()
    landscape.remember_references({("systems", "crm", "key"): "${env:KEY}", ("routes", 7): "x"})
    shown = effective(landscape)
    assert shown["systems"]["crm"] == "**********"
    assert shown["routes"] == "**********"
    assert shown["systems"]["psa"]["folder"] == "/exports"
    assert rules_digest(landscape, "sales-to-cash")
