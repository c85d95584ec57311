"""A landscape is read whole or not at all, and every fault is named at its line."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from monitor.config import ConfigurationError, Landscape, load_landscape
from monitor.core.errors import Reason
from tests.config.toys import TOYS

HERE = Path(__file__).parent
FIRM = HERE / "good" / "firm.yaml"
ENVIRONMENT = {
    "FOLDER": "canary-folder",
    "PORT": "8080",
    "CRM_TOKEN": "canary-token",
    "TENANT": "canary-tenant",
}
BAD = sorted((HERE / "bad").glob("*.yaml"))


def load(path: Path = FIRM) -> Landscape:
    return load_landscape(path, TOYS, ENVIRONMENT)


def refuse(path: Path, environment: dict[str, str]) -> ConfigurationError:
    with pytest.raises(ConfigurationError) as caught:
        load_landscape(path, TOYS, environment)
    return caught.value


@pytest.mark.parametrize("bad", BAD, ids=lambda bad: bad.stem)
def test_a_bad_landscape_is_refused_in_these_words(
    bad: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(bad.parent)
    error = refuse(Path(bad.name), {"CANARY": "canary-7f3a"})
    assert f"{error}\n" == bad.with_suffix(".txt").read_text(encoding="utf-8")
    assert error.reason is Reason.CONFIGURATION


def test_every_expected_text_has_its_bad_landscape() -> None:
    assert {file.stem for file in (HERE / "bad").glob("*.txt")} == {bad.stem for bad in BAD}


def test_a_good_landscape_is_read_as_written() -> None:
    landscape = load()
    crm = landscape.systems["crm"]
    status = crm.streams["opportunity"].map["status"]
    assert not isinstance(status, str)
    assert status.values == {"no": "lost", "1": "won", "010": "open"}
    assert landscape.systems["psa"].streams["project"].deletes.values == (True, "yes")
    assert landscape.server.port == 8080
    assert landscape.flows["sales-to-cash"].hand_offs["project-created"].when == {"status": "won"}


def test_each_load_gives_an_object_of_its_own() -> None:
    first, second = load(), load()
    assert first is not second
    assert first.model_dump(mode="json") == second.model_dump(mode="json")


def test_issues_come_in_the_order_of_the_file() -> None:
    issues = refuse(HERE / "bad" / "many-at-once.yaml", {}).issues
    assert [issue.line for issue in issues] == sorted(issue.line for issue in issues)
    assert len(issues) > 2


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"\xff\xfe", "is not UTF-8 text"),
        (b"a: 1\n# \xff", "is not UTF-8 text"),
        (b"#" * (1 << 20) + b"#", "is larger than 1,048,576 bytes"),
    ],
)
def test_a_file_that_is_no_text_of_sensible_size_is_refused(
    tmp_path: Path, raw: bytes, message: str
) -> None:
    file = tmp_path / "landscape.yaml"
    file.write_bytes(raw)
    (issue,) = refuse(file, {}).issues
    assert issue.message == message
    assert issue.line == raw.count(b"\n") + 1


def test_an_absent_file_is_named(tmp_path: Path) -> None:
    (issue,) = refuse(tmp_path / "absent.yaml", {}).issues
    assert issue.file.endswith("absent.yaml")
    assert issue.message == "cannot be read: No such file or directory"


def test_what_probes_say_of_a_mapping_stands_at_its_stream(tmp_path: Path) -> None:
    plugins = replace(TOYS, check_stream=lambda settings, _: [f"no {settings.entity} today"])
    with pytest.raises(ConfigurationError) as caught:
        load_landscape(FIRM, plugins, ENVIRONMENT)
    assert [(issue.line, issue.message) for issue in caught.value.issues] == [
        (22, "no opportunity today"),
        (38, "no project today"),
    ]


def test_json_is_yaml_too(tmp_path: Path) -> None:
    crm = {"probe": "disk", "folder": "/a", "streams": {"s": {"entity": "quote", "id": "id"}}}
    file = tmp_path / "landscape.json"
    file.write_text(
        json.dumps({"version": 1, "firm": {"name": "F"}, "systems": {"crm": crm}}),
        encoding="utf-8",
    )
    assert load(file).systems["crm"].streams["s"].entity == "quote"
