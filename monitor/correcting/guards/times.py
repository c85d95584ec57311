"""When corrections may be applied, and which accounting periods nothing may touch."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from monitor.core.corrections import Correction, Guard, Plan, Refusal
from monitor.core.policies import PeriodSettings, WindowSettings
from monitor.core.writing import Operation
from monitor.correcting.situation import Situation

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY = timedelta(days=1)


def not_allowed_now(_plan: Plan, situation: Situation) -> Iterator[Refusal]:
    """Where windows are named in which corrections may be applied, this is one of them."""
    allow = situation.settings.allow
    if allow and not any(is_within(window, situation.now) for window in allow):
        windows = "; ".join(describe_window(window) for window in allow)
        yield Refusal(Guard.NOT_ALLOWED_NOW, f"corrections are applied only {windows}")


def denied_now(_plan: Plan, situation: Situation) -> Iterator[Refusal]:
    """Denial wins, whatever is allowed."""
    for window in situation.settings.deny:
        if is_within(window, situation.now):
            yield Refusal(Guard.DENIED_NOW, f"no correction is applied {describe_window(window)}")


def closed_period(plan: Plan, situation: Situation) -> Iterator[Refusal]:
    """Nothing dated in a closed period is touched, and nothing is moved into one."""
    for each in plan.corrections:
        period = None
        if each.write is not None:
            period = situation.settings.periods.get(str(each.write.stream))
        if period is not None:
            why = _why_closed(each, period, situation.dates.get(each.fingerprint))
            if why:
                yield Refusal(Guard.CLOSED_PERIOD, why, each.fingerprint)


def is_within(window: WindowSettings, now: datetime) -> bool:
    """Whether an instant lies in a window; one that closes before it opens runs past midnight."""
    local = now.astimezone(ZoneInfo(window.zone))
    opens, closes = _minutes(window.opens), _minutes(window.closes)
    minute = local.hour * 60 + local.minute
    if closes > opens:
        return opens <= minute < closes and _has_day(window, local.date())
    if minute >= opens:
        return _has_day(window, local.date())
    return minute < closes and _has_day(window, local.date() - _DAY)


def describe_window(window: WindowSettings) -> str:
    """A window in words."""
    days = ", ".join(window.days) or "every day"
    hours = f"{window.opens} to {window.closes} {window.zone}"
    since = f" since {window.since}" if window.since else ""
    until = f" until {window.until}" if window.until else ""
    return f"{days} {hours}{since}{until}"


def _has_day(window: WindowSettings, day: date) -> bool:
    return (
        (not window.days or _DAYS[day.weekday()] in window.days)
        and (window.since is None or window.since <= day)
        and (window.until is None or day <= window.until)
    )


def _minutes(clock_time: str) -> int:
    hours, _, minutes = clock_time.partition(":")
    return int(hours) * 60 + int(minutes)


def _why_closed(each: Correction, period: PeriodSettings, before: date | None) -> str:
    """Why the write touches a closed period, or cannot be known not to; empty where it does not."""
    write = each.write
    if write is None:
        return ""
    dates = [] if write.operation is Operation.CREATE else [before]
    if write.operation is Operation.CREATE or period.field in write.after:
        after = write.after.get(period.field)
        dates.append(after if isinstance(after, date) else None)
    if None in dates:
        return (
            f"{each.break_id}: {write.stream} has closed periods, and the record names no"
            f" {period.field.replace('_', ' ')}"
        )
    closed = [day for day in dates if day is not None and day <= period.closed_until]
    if not closed:
        return ""
    return (
        f"{each.break_id}: {closed[0]} lies in a closed period of {write.stream}, which is closed"
        f" until {period.closed_until}"
    )
