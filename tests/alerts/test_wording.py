"""A firm's own templates: what they may say, and that ours stand where they cannot be used."""

from dataclasses import replace

import pytest

from alerts.blocks import compose_message
from alerts.examples import examples
from alerts.incident_text import text_of
from alerts.wording import Wording, check_templates
from monitor.core.incidents import Message
from monitor.core.wording import Slot, TemplateSettings
from tests.alerts.examples import HOSTILE, every_message, hostile_finding, message
from tests.alerts.fake_slack import check_blocks
from tests.alerts.reading import lines_of
from tests.alerts.test_contract_of_life import LIVING, live, opened

OPENED = examples()["opened"]


def said(text: str = "", title: str = "", slack: str = "", of: Message = OPENED) -> Message:
    return Wording(TemplateSettings(text=text, title=title, slack=slack)).apply(of)


def refusal(template: str) -> str:
    [(_, why)] = said(text=template).words.faults
    return why


def test_a_title_of_the_firms_own_is_what_every_channel_names_it_by() -> None:
    told = said(title="[{{ severity }}] {{ deal }} · {{ owners[0] }}")
    assert told.title == "[critical] OPP-17 · delivery"
    assert compose_message(told).text.startswith("[critical] OPP-17")
    assert text_of(told).startswith("[critical] OPP-17")


def test_a_text_of_the_firms_own_takes_the_place_of_ours() -> None:
    template = """
    {% for fact in facts %}{% if fact.label == "At risk" %}{{ fact.value }}{% endif %}{% endfor %}
    {% for each in money %}{{ each.amount | money }} {{ each.currency }}{% endfor %}
    since {{ opened_at | instant }}
    {% for each in links %}
    {{ each.name }} -> {{ each.url }}
    {% endfor %}
    """
    text = text_of(said(text=template))
    assert "125,000.00 EUR" in text
    assert "since 2026-11-20 10:20 UTC" in text
    assert "Dashboard -> https://grafana.example" in text
    assert "Proposed repair" not in text


def test_slack_shows_the_firms_own_words_between_heading_and_links() -> None:
    shown = compose_message(said(slack="*{{ deal }}* is with {{ owners[0] }}: {{ outcome }}!"))
    lines = lines_of(shown.blocks)
    assert lines[2] == "OPP-17 is with delivery: !"
    assert "Runbook" in lines[-1]


def test_without_templates_nothing_is_other_than_before() -> None:
    for each in every_message().values():
        assert Wording().apply(each) is each


@pytest.mark.parametrize("shape", sorted(every_message()))
def test_every_shape_can_be_said(shape: str) -> None:
    template = "{{ title }} {{ outcome }} {% for it in history %}{{ it.why }} {% endfor %}"
    told = said(text=template, slack=template, of=every_message()[shape])
    assert told.words.faults == ()
    assert check_blocks(compose_message(told).blocks) == ""


@pytest.mark.parametrize("number", range(len(HOSTILE)))
def test_no_value_has_an_effect_in_a_template_of_the_firms_own(number: int) -> None:
    wild = message(hostile_finding(HOSTILE[number]))
    template = "*{% for it in facts %}{{ it.label }} {{ it.value | short }} {% endfor %}*"
    told = said(slack=template, of=wild)
    assert "<" not in told.words.slack
    assert "`" not in told.words.slack
    assert told.words.slack.count("*") == 2


@pytest.mark.parametrize(
    ("template", "why"),
    [
        ("{{ nothing_such }}", "'nothing_such' is undefined"),
        ("{{ deal.nothing }}", "has no attribute 'nothing'"),
        ("{{ title", "line 1: unexpected end of template"),
        ("{{ title | shout }}", "line 1: No filter named 'shout'"),
        ("a\n{% set x = 1 %}", "line 2: templates print, choose and repeat; this is Assign"),
        ("{{ title.upper() }}", "this is Call"),
        ("{{ 'x' * 1000000000 }}", "this is Mul"),
        ("{{ title ~ title }}", "this is Concat"),
        ("{{ 9 ** 9 ** 9 }}", "this is Pow"),
        ("{% include '/etc/passwd' %}", "this is Include"),
        ("{% import 'x' as x %}", "this is Import"),
        ("{% macro a() %}{{ a() }}{% endmacro %}", "this is Macro"),
        ("{{ title.__class__.__mro__ }}", "access to attribute '__class__'"),
        ("{{ '' }}", "it says nothing"),
        ("{% for a in facts %}" * 3 + "x" + "{% endfor %}" * 3, "no more than 2 loops"),
        ("x" * 8_000, "it makes more than 7,000 characters"),
        ("{{ facts | link }}", ""),
        ("{% if a %}" * 200 + "{% endif %}" * 200, ""),
        ("{{ " + "(" * 3_000 + "1" + ")" * 3_000 + " }}", ""),
        ("{{ title is divisibleby 0 }}", ""),
    ],
)
def test_what_cannot_be_used_says_why_and_ours_stands(template: str, why: str) -> None:
    assert why in refusal(template)
    told = said(text=template, slack=template)
    ours = text_of(OPENED)
    assert text_of(told).startswith(ours)
    assert text_of(told) != ours
    assert "In tieout's words" in text_of(told).splitlines()[-1]
    assert "In tieout's words" in lines_of(compose_message(told).blocks)[-1]
    assert {fault.slot for fault in told.words.faults} == {Slot.TEXT, Slot.SLACK}


def test_the_longest_history_takes_no_time_to_speak_of() -> None:
    step = OPENED.history[0]
    long = replace(OPENED, history=tuple(step._replace(sequence=n) for n in range(5_000)))
    template = (
        "{% for a in history %}{% for b in history %}{% if a.why == 'x' %}{{ b.why }}"
        "{% endif %}{% endfor %}{% endfor %}done"
    )
    assert said(text=template, of=long).words.text == "done"


@pytest.mark.parametrize("name", LIVING)
def test_every_channel_takes_an_incident_in_own_words(name: str) -> None:
    with opened(name) as side:
        live(side, said(text="{{ title }}\nfoo", slack="{{ title }}", title="OWN {{ deal }}"))
        assert len(side.things()) == 1


def test_a_check_tries_every_turn_of_an_incidents_life() -> None:
    settings = TemplateSettings(
        title="{{ title }}", text="{% if state == 'resolved' %}{{ oops }}{% endif %}-"
    )
    [(slot, why)] = check_templates(settings)
    assert slot is Slot.TEXT
    assert why == "'oops' is undefined (tried on the example 'resolved')"
