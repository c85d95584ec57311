"""Commands: what `/tieout` answers, to whoever asked alone."""

from collections.abc import Callable, Mapping
from io import StringIO

from rich.console import Console

from alerts.escaping import escape_slack, one_line
from monitor.core.clock import Clock
from monitor.core.people import Person
from monitor.core.transactions import TransactionStatus
from monitor.estate import Estate
from monitor.reports.deal import trace_deal
from monitor.reports.overview import count_and_money, look_over
from monitor.reports.picture import show_trace
from monitor.store.database import Database

MOST = 2_800
"""Characters of an answer; Slack takes 3,000 in a section."""

MOST_SHOWN = 3
"""Deals that one key shows."""

OF_EVERYBODY = "This tells of all companies and regions, and is shown to those who see them all."

HELP = "`/tieout trace KEY` draws a deal's way; `/tieout status` says how things stand."

Obey = Callable[[str, Person, Estate, Database, Clock], str]


def obey(text: str, person: Person, estate: Estate, database: Database, clock: Clock) -> str:
    """The answer to what stands after the command's name, as mrkdwn without effects.

    Raises:
        Transient, Permanent: the store failed.
    """
    verb, _, rest = text.strip().partition(" ")
    return COMMANDS.get(verb.lower(), _help)(rest.strip(), person, estate, database, clock)


def _trace(key: str, person: Person, estate: Estate, database: Database, clock: Clock) -> str:
    if not key:
        return HELP
    if not person.sees_everything:
        return OF_EVERYBODY
    found = trace_deal(estate, database, key, clock())
    if not found:
        return f"No deal is called {_plain(key)}."
    drawn = Console(file=StringIO(), width=76, color_system=None, legacy_windows=False)
    for each in found[:MOST_SHOWN]:
        show_trace(each, drawn)
    assert isinstance(drawn.file, StringIO)  # noqa: S101 - as it was made
    more = f"\n… and {len(found) - MOST_SHOWN} more" if len(found) > MOST_SHOWN else ""
    return f"{_fenced(drawn.file.getvalue())}{more}"


def _status(_rest: str, person: Person, estate: Estate, database: Database, clock: Clock) -> str:
    if not person.sees_everything:
        return OF_EVERYBODY
    seen = look_over(estate, database, clock(), most=0)
    lines = [
        f"{flow}: " + ", ".join(f"{counts[status]} {_words(status)}" for status in counts)
        for flow, counts in seen.transactions.items()
    ]
    lines.append(count_and_money(seen.count, seen.value_at_risk))
    blind = ", ".join(sorted(map(str, seen.blind)))
    lines.append(f"blind: {blind}" if blind else "every stream is seen")
    return _fenced("\n".join(lines))


def _help(_rest: str, _person: Person, _estate: Estate, _database: Database, _clock: Clock) -> str:
    return HELP


COMMANDS: Mapping[str, Obey] = {"trace": _trace, "status": _status, "help": _help}


def _words(status: TransactionStatus) -> str:
    return status.value.replace("_", " ")


def _plain(text: str) -> str:
    return escape_slack(one_line(text[:100]).replace("`", "'"))


def _fenced(text: str) -> str:
    """As it stands, in a block of code that nothing in it can end."""
    lines = text.replace("`", "'").splitlines()
    kept = "\n".join(escape_slack(line.rstrip()) for line in lines)
    shown = kept if len(kept) <= MOST else kept[:MOST].rpartition("\n")[0] + "\n…"
    return f"```\n{shown}\n```"
