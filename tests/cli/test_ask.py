"""Commands that ask the store: breaks, trace, transactions."""

import json

from monitor.cli.exits import Exit
from tests.cli.conftest import Run
from tests.daemon.firms import Scene


def test_breaks_lists_what_was_planted(tieout: Run, firm: Scene, looked_at: object) -> None:
    ran = tieout("breaks", "-l", firm.landscape, variables=firm.environment())
    assert ran.status == Exit.BREAKS
    lines = ran.out.splitlines()
    assert len(lines) == len(firm.planted()) + 1
    for deal, kind, system, stream, field in firm.planted():
        where = f"{system}.{stream}" + (f".{field}" if field else "")
        assert any({deal, where, *kind.split("_")} <= set(line.split()) for line in lines)


def test_breaks_are_filtered_and_told_to_machines(
    tieout: Run, firm: Scene, looked_at: object
) -> None:
    variables = firm.environment()
    ran = tieout("breaks", "-l", firm.landscape, "--system", "erp", "--json", variables=variables)
    told = json.loads(ran.out)
    expected = {each for each in firm.planted() if each[2] == "erp"}
    assert {
        (each["transaction"], each["kind"], each["system"], each["stream"], each["field"])
        for each in told
    } == expected
    severities = [each["severity"] for each in told]
    assert severities == sorted(severities, key=["critical", "warning", "info"].index)
    of_nobody = tieout("breaks", "-l", firm.landscape, "--owner", "nobody", variables=variables)
    assert (of_nobody.status, of_nobody.out) == (Exit.IN_ORDER, "no breaks stand\n")
    ran = tieout(
        "breaks", "-l", firm.landscape, "--kind", "dead_letter", "--json", variables=variables
    )
    assert {each["kind"] for each in json.loads(ran.out)} == {"dead_letter"}
    refused = tieout("breaks", "-l", firm.landscape, "--kind", "odd", variables=variables)
    assert refused.status == Exit.REFUSED


def test_trace_draws_a_deal_and_tells_machines(tieout: Run, firm: Scene, looked_at: object) -> None:
    variables = firm.environment()
    deal = next(each[0] for each in sorted(firm.planted()) if each[1] == "mismatch")
    drawn = tieout("trace", deal, "-l", firm.landscape, variables=variables)
    assert drawn.status == Exit.BREAKS
    assert deal in drawn.out
    assert "Breaks that stand" in drawn.out
    told = json.loads(
        tieout("trace", deal.lower(), "-l", firm.landscape, "--json", variables=variables).out
    )
    assert [each["transaction"] for each in told] == [deal]
    assert told[0]["status"] == "broken"
    assert {record["stream"] for record in told[0]["records"]} >= {"crm.opportunities"}


def test_an_unknown_key_is_refused_on_stderr(tieout: Run, firm: Scene, looked_at: object) -> None:
    ran = tieout("trace", "OPP-NONE", "-l", firm.landscape, variables=firm.environment())
    assert ran.status == Exit.REFUSED
    assert ran.out == ""
    assert ran.err == "no transaction is called 'OPP-NONE'\n"


def test_transactions_are_listed_searched_and_limited(
    tieout: Run, firm: Scene, looked_at: object
) -> None:
    variables = firm.environment()

    def listed(*words: str) -> list[dict[str, str]]:
        ran = tieout("transactions", *words, "-l", firm.landscape, "--json", variables=variables)
        assert ran.status == Exit.IN_ORDER
        found: list[dict[str, str]] = json.loads(ran.out)
        return found

    everything = listed()
    assert len(everything) > 40
    broken = {each["transaction"] for each in listed("--status", "broken")}
    assert broken == {deal for deal, *_ in firm.planted()}
    key = everything[0]["transaction"]
    assert key in {each["transaction"] for each in listed(key.lower())}
    assert listed("no such deal") == []
    assert len(listed("--limit", "3")) == 3
    table = tieout("transactions", "-l", firm.landscape, "--limit", "3", variables=variables)
    assert "the first 3; --limit shows more" in table.out
    nothing = tieout("transactions", "zzz", "-l", firm.landscape, variables=variables)
    assert nothing.out == "no transaction is found by that\n"
