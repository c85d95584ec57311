"""What to say: pure functions from what happened to a notice that is complete in itself."""

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType
from urllib.parse import quote

from alerts.escaping import cut, one_line
from alerts.render import Target, instant, render
from monitor.core.breaks import Break, Finding, Severity, Transition, TransitionKind
from monitor.core.errors import Reason
from monitor.core.model import StreamId, encode_value
from monitor.core.notices import Notice, NoticeKind
from monitor.core.watches import ESTATE

MAX_TITLE = 200
MAX_LINK = 2_000

Titles = Mapping[str, str]
"""What people call a system, by its name in the landscape."""

_NO_TITLES: Titles = MappingProxyType({})
_SHORT_NAME = 3

_TOLD = {
    TransitionKind.OPENED: NoticeKind.OPENED,
    TransitionKind.CHANGED: NoticeKind.CHANGED,
    TransitionKind.RESOLVED: NoticeKind.RESOLVED,
    TransitionKind.REOPENED: NoticeKind.REOPENED,
    TransitionKind.RELEASED: NoticeKind.REOPENED,
}
"""A suspicion, its dismissal, and that somebody ignores a break, are nobody's business."""


def notice_of(
    transition: Transition, address: str = "", titles: Titles = _NO_TITLES
) -> Notice | None:
    """What to tell of a step in a break's life; None where nobody hears of it.

    The identifier follows from the step alone, so that a step told twice is recognised.

    Args:
        transition: the step.
        address: start of links for people; empty gives no link.
        titles: what people call the systems.
    """
    kind = _TOLD.get(transition.kind)
    if kind is None:
        return None
    stamp = _stamp(transition.at)
    return _about_break(
        transition.after, kind, transition.at, stamp, transition.why, address, titles
    )


def brief_title(notice: Notice) -> str:
    """Its title in a list of several: without since when."""
    since = "" if notice.since is None else f" since {instant(notice.since)}"
    return notice.title.removesuffix(since) if since else notice.title


def handed_over_notice(
    standing: Break,
    why: str,
    now: datetime,
    address: str = "",
    titles: Titles = _NO_TITLES,
) -> Notice:
    """That a break is for a person to put right; the same is said once in the break's episode.

    Args:
        standing: the break.
        why: what is to be done, or what went wrong.
        now: the present.
        address: start of links for people; empty gives no link.
        titles: what people call the systems.
    """
    kind = NoticeKind.HANDED_OVER
    return _about_break(standing, kind, now, why, why, address, titles)


def _about_break(
    standing: Break,
    kind: NoticeKind,
    at: datetime,
    occasion: str,
    why: str,
    address: str,
    titles: Titles,
) -> Notice:
    """A notice about a break; what happened on the same occasion has the same identifier."""
    found = standing.finding
    draft = Notice(
        id=_identify(standing.fingerprint, str(standing.episode), kind, occasion),
        kind=kind,
        at=at,
        severity=found.severity,
        title="",
        transaction=found.transaction,
        break_id=standing.id,
        break_kind=found.kind,
        rule=found.rule,
        hop=found.hop,
        system=found.system,
        entity=found.entity,
        field=found.field,
        record_id=found.record_id,
        expected=found.expected,
        actual=found.actual,
        value_at_risk=found.value_at_risk,
        currency=found.currency,
        owner=found.owner,
        since=found.since,
        why=why,
        link=_link_of(address, found),
    )
    return _titled(draft, titles)


def blind_notice(
    stream: StreamId,
    since: datetime,
    now: datetime,
    *,
    reason: Reason | None = None,
    owner: str = "",
    titles: Titles = _NO_TITLES,
) -> Notice:
    """That a stream cannot be seen. Once a period of blindness: its start makes the identifier."""
    cause = f" The last look failed: {reason.value.replace('_', ' ')}." if reason else ""
    draft = Notice(
        id=_identify(str(stream), NoticeKind.BLIND, _stamp(since)),
        kind=NoticeKind.BLIND,
        at=now,
        severity=Severity.WARNING,
        title="",
        system=stream.system,
        owner=owner,
        since=since,
        why=f"Nothing is reported missing, and nothing in order, from what cannot be seen.{cause}",
    )
    return _titled(draft, titles, stream.stream)


def sighted_notice(
    stream: StreamId,
    since: datetime,
    now: datetime,
    *,
    owner: str = "",
    titles: Titles = _NO_TITLES,
) -> Notice:
    """That a stream can be seen again, after having been blind since then."""
    draft = Notice(
        id=_identify(str(stream), NoticeKind.SIGHTED, _stamp(since)),
        kind=NoticeKind.SIGHTED,
        at=now,
        severity=Severity.INFO,
        title="",
        system=stream.system,
        owner=owner,
        since=since,
        why="What was unknown is being looked at again.",
    )
    return _titled(draft, titles, stream.stream)


def link_to(address: str, transaction: str) -> str:
    """The page of a deal; empty without an address, or if no browser would take it."""
    if not address or not transaction:
        return ""
    link = f"{address.rstrip('/')}/transactions/{quote(transaction, safe='', errors='replace')}"
    return link if len(link) <= MAX_LINK else ""


def _link_of(address: str, found: Finding) -> str:
    """What a watch found is no deal: it is shown where everything is."""
    if found.flow == ESTATE:
        return f"{address.rstrip('/')}/" if address else ""
    return link_to(address, found.transaction)


def show_system(name: str, titles: Titles) -> str:
    """A system as people call it; without a title, short names are read as abbreviations."""
    return titles.get(name) or (name.upper() if len(name) <= _SHORT_NAME else name.capitalize())


def _titled(draft: Notice, titles: Titles, stream: str = "") -> Notice:
    facts = {"notice": draft, "system": show_system(draft.system, titles), "stream": stream}
    title = one_line(render("title.txt.j2", Target.PLAIN, facts))
    return replace(draft, title=cut(title, MAX_TITLE))


def _identify(*parts: str) -> str:
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:32]


def _stamp(at: datetime) -> str:
    return str(encode_value(at))
