"""Commands around the landscape: init, check, doctor."""

import json
from pathlib import Path

import pytest

from monitor.cli.exits import Exit
from tests.cli.conftest import Run
from tests.daemon.firms import Scene

VARIABLES = {
    "CRM_URL": "https://crm.firm.example",
    "CRM_TOKEN": "token-of-the-crm",
    "PSA_URL": "https://psa.firm.example",
    "PSA_TOKEN": "token-of-the-psa",
}


def test_the_template_of_init_passes_check_once_its_variables_are_set(
    tieout: Run, tmp_path: Path
) -> None:
    target = tmp_path / "landscape.yaml"
    assert tieout("init", target).status == Exit.IN_ORDER
    schema = json.loads((tmp_path / "landscape.schema.json").read_text("utf-8"))
    assert "systems" in schema["properties"]
    checked = tieout("check", target, variables=VARIABLES)
    assert (checked.status, checked.out) == (Exit.IN_ORDER, f"{target} is in order\n")
    unset = tieout("check", target)
    assert unset.status == Exit.REFUSED
    for name in VARIABLES:
        assert name in unset.err


def test_init_overwrites_nothing(tieout: Run, tmp_path: Path) -> None:
    target = tmp_path / "landscape.yaml"
    target.write_text("mine", "utf-8")
    assert tieout("init", target).status == Exit.REFUSED
    assert target.read_text("utf-8") == "mine"
    assert list(tmp_path.iterdir()) == [target]


def test_check_names_every_fault_by_file_line_and_column(tieout: Run, tmp_path: Path) -> None:
    target = tmp_path / "landscape.yaml"
    tieout("init", target)
    faulty = (
        target.read_text("utf-8")
        .replace("    streams:", "    strems:", 1)
        .replace("root: crm.opportunity", "root: crm.oportunity")
    )
    target.write_text(faulty, "utf-8")
    ran = tieout("check", target, variables=VARIABLES)
    line = faulty[: faulty.index("    strems:")].count("\n") + 1
    assert ran.status == Exit.REFUSED
    assert ran.out == ""
    assert f"{target}:{line}:5: systems.crm.strems: unknown key 'strems'; did you mean" in ran.err
    assert "token-of" not in ran.err


@pytest.mark.parametrize("text", ["", "systems: [", "version: 2\n", "\x00", "a: 1\na: 2\n"])
def test_a_file_that_is_no_landscape_is_refused_without_a_traceback(
    tieout: Run, tmp_path: Path, text: str
) -> None:
    target = tmp_path / "landscape.yaml"
    target.write_text(text, "utf-8")
    for command in ("check", "once", "run", "doctor"):
        ran = tieout(command, target)
        assert ran.status == Exit.REFUSED
        assert ran.err.startswith(f"{target}:")
        assert "Traceback" not in ran.err


def test_a_file_that_is_not_there_is_refused(tieout: Run, tmp_path: Path) -> None:
    assert tieout("check", tmp_path / "none.yaml").status == Exit.REFUSED
    assert tieout("no-such-command").status == Exit.REFUSED


def test_check_with_a_sample_reads_one_page_of_each_stream_and_stores_nothing(
    tieout: Run, firm: Scene
) -> None:
    variables = firm.environment("sampled.db")
    ran = tieout("check", firm.landscape, "--sample", "--json", variables=variables)
    assert ran.status == Exit.IN_ORDER
    previews = json.loads(ran.out)
    assert len(previews) == 15
    assert all(each["records"] and not each["failure"] for each in previews)
    assert not (firm.folder / "sampled.db").exists()
    wrong = {**variables, "SIM_CRM_TOKEN": "a wrong credential"}
    ran = tieout("check", firm.landscape, "--sample", variables=wrong)
    assert ran.status == Exit.BLIND
    assert "a wrong credential" not in ran.out + ran.err


def test_doctor_says_what_is_wrong_and_what_to_do(tieout: Run, firm: Scene) -> None:
    well = tieout("doctor", firm.landscape, variables=firm.environment("well.db"))
    assert well.status == Exit.IN_ORDER
    assert "✗" not in well.out
    canary = "canary-credential-4711"
    ill = {
        **firm.environment("well.db"),
        "SIM_CRM_TOKEN": canary,
        "SIM_CONTRACTS_URL": "http://127.0.0.1:9",
    }
    ran = tieout("doctor", firm.landscape, "--json", variables=ill)
    remarks = {each["what"]: each for each in json.loads(ran.out)}
    assert ran.status == Exit.BLIND
    assert not remarks["crm.opportunities"]["fine"]
    assert "secret" in remarks["crm.opportunities"]["advice"]
    assert "address" in remarks["contracts.contracts"]["advice"]
    assert remarks["psa.projects"]["fine"]
    assert canary not in ran.out + ran.err


def test_doctor_sees_a_damaged_store_and_goes_on_to_the_sources(tieout: Run, firm: Scene) -> None:
    (firm.folder / "damaged.db").write_bytes(b"SQLite format 3\x00" + b"\x07" * 8192)
    ran = tieout("doctor", firm.landscape, "--json", variables=firm.environment("damaged.db"))
    remarks = {each["what"]: each for each in json.loads(ran.out)}
    assert ran.status == Exit.FAILED
    assert not remarks["store"]["fine"]
    assert remarks["crm.opportunities"]["fine"]


def test_a_store_that_cannot_be_opened_fails_every_command_in_words(
    tieout: Run, firm: Scene
) -> None:
    variables = {
        **firm.environment(),
        "TIEOUT_DEMO_STORE": "postgresql+psycopg://user:canary-password@127.0.0.1:9/none",
    }
    for words in (
        ("once", firm.landscape),
        ("breaks", "-l", firm.landscape),
        ("trace", "D", "-l", firm.landscape),
    ):
        ran = tieout(*words, variables=variables)
        assert ran.status == Exit.FAILED
        assert ran.err.startswith("tieout: the store")
        assert "canary-password" not in ran.out + ran.err
