from datetime import datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import FileSystemLoader

from alerts import render as rendering
from alerts.render import Link, Target, instant, link, money, render
from monitor.core.errors import Permanent, Reason
from tests.alerts.examples import HOSTILE, notice


@pytest.fixture
def templates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for environment in rendering._ENVIRONMENTS.values():
        monkeypatch.setattr(environment, "loader", FileSystemLoader(tmp_path))
        monkeypatch.setattr(environment, "cache", {})
    return tmp_path


def write(templates: Path, text: str) -> str:
    (templates / "mine.j2").write_text(text, "utf-8")
    return "mine.j2"


@pytest.mark.parametrize("target", Target)
@pytest.mark.parametrize("text", HOSTILE)
def test_a_value_is_never_taken_for_a_template(templates: Path, target: Target, text: str) -> None:
    name = write(templates, "[{{ value }}]")
    shown = render(name, target, {"value": text})
    assert "49" not in shown
    assert "\n" not in shown


@pytest.mark.parametrize(
    "text",
    [
        "{{ ''.__class__.__mro__ }}",
        "{{ notice.__init__.__globals__ }}",
        "{{ notice.at.__class__.__subclasses__() }}",
        "{{ absent }}",
        "{{ notice.absent }}",
        "{{ values.append(1) }}",
        "{% include '../../etc/passwd' %}",
        "{{ 'x' | center(1000000) }}",
        "{{ range(9) }}",
        "{{ 'x' * 10000000000 }}",
        "{{ '%10000000000d' % 1 }}",
        "{{ 9 ** 9999999 }}",
        "{% if %}",
        "{{ notice.title | link }}",
    ],
)
def test_what_a_template_may_not_do_is_a_permanent_error(templates: Path, text: str) -> None:
    with pytest.raises(Permanent) as caught:
        render(write(templates, text), Target.PLAIN, {"notice": notice(), "values": [1]})
    assert caught.value.reason is Reason.CONFIGURATION


def test_a_text_that_grows_without_end_is_refused(templates: Path) -> None:
    name = write(templates, "{% for a in v %}{% for b in v %}{% for c in v %}xx{% endfor %}"
                            "{% endfor %}{% endfor %}")  # fmt: skip
    with pytest.raises(Permanent) as caught:
        render(name, Target.PLAIN, {"v": list(range(10_000))})
    assert caught.value.reason is Reason.TOO_LARGE


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("125000", "125,000.00"),
        ("125000.000000", "125,000.00"),
        ("0.123400", "0.1234"),
        ("-1234567.5", "-1,234,567.50"),
        ("1E+3", "1,000.00"),
        ("1E+999999", "1E+999999"),
        ("NaN", "NaN"),
        ("12345678901234567890123456789.345678", "12,345,678,901,234,567,890,123,456,789.345678"),
    ],
)  # fmt: skip
def test_money_is_shown_with_every_digit(value: str, shown: str) -> None:
    assert money(Decimal(value)) == shown


@given(st.decimals(allow_nan=False, allow_infinity=False, places=6))
def test_money_reads_back_as_the_same_amount(value: Decimal) -> None:
    assert Decimal(money(value).replace(",", "")) == value


def test_an_instant_is_shown_in_utc() -> None:
    local = datetime(2026, 3, 29, 3, 30, tzinfo=timezone(timedelta(hours=2)))
    assert instant(local) == "2026-03-29 01:30 UTC"


@pytest.mark.parametrize(
    "address", ["javascript:alert(1)", "https://x/a|b", "https://x/<!channel>", "https://x/a b", ""]
)
def test_what_would_end_a_link_is_no_address(address: str) -> None:
    with pytest.raises(Permanent):
        link(address)


def test_an_address_goes_out_as_slack_takes_it() -> None:
    assert link("https://x/?a=1&b=2") == Link("https://x/?a=1&amp;b=2")
