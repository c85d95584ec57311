"""People are left alone with what fits a silence, and hear afterwards what they have to."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.errors import Permanent
from monitor.core.incidents import CauseKind, EventKind, IncidentState
from monitor.core.silences import Label, Matcher, Silence, silence_of
from monitor.incidents.silencing import add_silence, end_silence
from monitor.store.database import Database
from monitor.store.incidents import list_incidents
from tests.cycle.small_firm import START, SmallFirm
from tests.incidents.team import break_deal, repair_deal, team_firm, tell, turn

ROUTE = {"channels": ["team"]}


def silence(firm: SmallFirm, *matchers: str, hours: float = 4) -> Silence:
    read = [Matcher.parse(each) for each in matchers]
    until = firm.clock() + timedelta(hours=hours)
    made, _ = add_silence(
        firm.estate, firm.database, read, "anna", "planned work", until, firm.clock
    )
    return made


def standing(firm: SmallFirm) -> int:
    with firm.database.read() as connection:
        return len(list_incidents(connection))


def test_what_is_silenced_is_raised_and_told_to_nobody_until_the_silence_ends(
    database: Database,
) -> None:
    firm, boards = team_firm(database, ROUTE)
    silence(firm, "system=psa", "kind=mismatch", hours=4)
    break_deal(firm, "D1")
    turn(firm)
    assert standing(firm) == 1
    tell(firm, hours=3)
    assert boards["team"].posts == []
    tell(firm, hours=1)
    (post,) = boards["team"].posts
    assert "D1" in post.shown.title
    assert post.shown.incident.state is IncidentState.OPEN


def test_what_came_and_went_under_a_silence_is_told_in_one_digest(database: Database) -> None:
    firm, boards = team_firm(database, ROUTE)
    made = silence(firm, "owner=delivery")
    for deal in ("D1", "D2"):
        break_deal(firm, deal)
    turn(firm)
    for deal in ("D1", "D2"):
        repair_deal(firm, deal)
    turn(firm, minutes=5)
    assert boards["team"].posts == []
    end_silence(firm.estate, database, made.id, "ben", "done early", firm.clock)
    tell(firm, minutes=1)
    (digest,) = boards["team"].posts
    assert "2 incidents came and went while anna had silenced" in digest.shown.history[0].why
    tell(firm, hours=5)
    assert len(boards["team"].posts) == 1


def test_what_does_not_fit_is_told_as_ever(database: Database) -> None:
    firm, boards = team_firm(database, ROUTE)
    silence(firm, "key=~D1.*")
    for deal in ("D1", "D2"):
        break_deal(firm, deal)
    turn(firm)
    assert ["D2" in title for title in boards["team"].titles()] == [True]


def test_what_was_told_before_is_not_edited_under_a_silence_and_is_afterwards(
    database: Database,
) -> None:
    firm, boards = team_firm(database, ROUTE)
    break_deal(firm, "D1")
    turn(firm)
    made = silence(firm, "key=D1")
    tell(firm, minutes=1)
    (post,) = boards["team"].posts
    edits = post.edits
    break_deal(firm, "D1", amount="800.00")
    turn(firm, minutes=5)
    assert post.edits == edits
    end_silence(firm.estate, database, made.id, "ben", "done", firm.clock)
    tell(firm, minutes=1)
    assert "800" in post.shown.title
    assert len(boards["team"].posts) == 1


def test_a_silence_can_be_ended_once_and_only_if_there_is_one(database: Database) -> None:
    firm, _ = team_firm(database, ROUTE)
    made = silence(firm, "system=psa")
    end_silence(firm.estate, database, made.id, "ben", "done", firm.clock)
    for number in (made.id, 99):
        with pytest.raises(Permanent, match="is in force"):
            end_silence(firm.estate, database, number, "ben", "again", firm.clock)


def test_a_silence_looks_at_something_and_ends_ahead(database: Database) -> None:
    firm, _ = team_firm(database, ROUTE)
    with pytest.raises(Permanent, match="at one label"):
        silence(firm)
    with pytest.raises(Permanent, match="lies ahead"):
        silence(firm, "system=psa", hours=0)


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("owner=delivery", True),
        ("owner = delivery", True),
        ("owner!=delivery", False),
        ("key=~D-.*", True),
        ("key=~D", False),
        ("key!~X.*", True),
        ("legal_entity=", True),
    ],
)
def test_a_matcher_compares_a_whole_value(text: str, fits: bool) -> None:
    labels = {Label.OWNER: ["delivery"], Label.KEY: ["D-1"]}
    assert Matcher.parse(text).fits([labels]) == [fits]


@pytest.mark.parametrize(
    "text",
    [
        "owner",
        "colour=red",
        "key=~(",
        "key=" + "x" * 201,
        "=delivery",
        "",
        "key=~(?=D).*",  # look-around is what makes an engine slow
        "key=~(a{1000}){1000}",
    ],
)
def test_what_is_no_matcher_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - each says something else
        Matcher.parse(text)


@pytest.mark.parametrize("pattern", ["(a+)+$", "(a|a)*b", "(a*)*c", "(.*){30}x"])
def test_no_pattern_takes_longer_than_the_text_is_long(pattern: str) -> None:
    # Of a backtracking engine none of these would ever come to an end.
    matcher = Matcher.parse(f"key=~{pattern}")
    assert matcher.fits([{Label.KEY: ["a" * 100_000 + "!"]}]) == [False]


@pytest.mark.parametrize("operator", ["=~", "!~"])
def test_a_kept_pattern_that_has_become_none_keeps_nothing_from_people(operator: str) -> None:
    assert Matcher.read(f"key{operator}(?=x)").fits([{Label.KEY: ["x"]}]) == [False]


def test_a_refused_pattern_says_what_is_wrong_with_it() -> None:
    with pytest.raises(ValueError, match=r"'\(a' is no pattern: unclosed group$"):
        Matcher.parse("key=~(a")


@given(st.lists(st.sampled_from(["psa", "erp", "crm"]), max_size=4))
def test_an_incident_is_silenced_only_while_each_thing_in_it_is(systems: list[str]) -> None:
    silences = [
        Silence(number, (Matcher.parse(text),), "anna", "work", START, START + timedelta(hours=1))
        for number, text in enumerate(["system=psa", "system=erp"], 1)
    ]
    chosen = silence_of([{Label.SYSTEM: [each]} for each in systems], silences)
    assert (chosen is not None) == (bool(systems) and "crm" not in systems)


def test_what_comes_back_after_a_silence_was_never_kept_from_anybody_again(
    database: Database,
) -> None:
    firm, boards = team_firm(database, ROUTE)
    made = silence(firm, "key=D1")
    break_deal(firm, "D1")
    turn(firm)
    repair_deal(firm, "D1")
    turn(firm, minutes=5)
    end_silence(firm.estate, database, made.id, "ben", "done", firm.clock)
    tell(firm, minutes=1)
    break_deal(firm, "D1", amount="700.00")
    turn(firm, minutes=5)
    (post,) = [each for each in boards["team"].posts if "D1" in each.shown.title]
    kinds = [event.kind for event in post.shown.history]
    assert kinds.count(EventKind.SILENCED) == 1
    assert EventKind.HEARD not in kinds
    assert post.shown.silenced_because == ""


def test_a_digest_of_a_storm_does_not_speak_of_what_is_silenced(database: Database) -> None:
    firm, boards = team_firm(database, ROUTE, storm={"messages": 1}, crowd=50)
    for number in range(4):
        break_deal(firm, f"D{number}")
    turn(firm)
    tell(firm, minutes=1)
    digest = boards["team"].posts[-1]
    assert digest.shown.incident.cause.kind is CauseKind.STORM
    assert len(digest.shown.examples) == 3
    made = silence(firm, "system=psa")
    tell(firm, minutes=1)
    assert digest.shown.incident.state is IncidentState.RESOLVED
    assert len(boards["team"].posts) == 2
    end_silence(firm.estate, database, made.id, "ben", "done", firm.clock)
    for _ in range(4):
        tell(firm, minutes=11)
    told = [post for post in boards["team"].posts if post.shown.title.startswith("PSA")]
    assert len(told) == 4
