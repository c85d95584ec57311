"""Whether policies fit their rules and streams, and what holds for all of them can be kept."""

from collections.abc import Iterator, Mapping
from zoneinfo import ZoneInfo, available_timezones

from monitor.config.issues import KeyPath, Problem, did_you_mean
from monitor.config.landscape import FlowSettings, Landscape
from monitor.config.named_streams import NamedStreams
from monitor.core.corrections import Fix, Mode
from monitor.core.flows import HandOffSettings, RuleSettings
from monitor.core.model import FieldType, StreamId
from monitor.core.policies import PolicySettings, WindowSettings, read_set_value
from monitor.core.streams import StreamSettings

_FITTING: Mapping[str, frozenset[Fix]] = {
    "mismatch": frozenset({Fix.UPDATE}),
    "duplicate": frozenset({Fix.CLOSE}),
    "replayed": frozenset({Fix.CLOSE}),
    "dead_letter": frozenset({Fix.REPLAY, Fix.TRIGGER}),
    "stuck": frozenset({Fix.REPLAY, Fix.TRIGGER}),
    "undelivered": frozenset({Fix.REPLAY, Fix.TRIGGER}),
}
"""By check, the fixes that its breaks can have beside a person; any for a check not named here."""

_OF_HAND_OFFS = frozenset({Fix.CREATE, Fix.REPLAY, Fix.TRIGGER})
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def check_corrections(landscape: Landscape) -> Iterator[Problem]:
    """Everything in policies, and in what holds for all corrections, that cannot be kept."""
    named = NamedStreams(landscape)
    for name, flow in landscape.flows.items():
        yield from _check_flow(("flows", name, "corrections"), flow, named)
    yield from _check_people(landscape)
    yield from _check_windows(landscape)
    path: KeyPath = ("corrections", "periods")
    for stream, period in landscape.corrections.periods.items():
        yield from named.stream((*path, stream), stream, at_key=True)
        yield from named.field((*path, stream, "field"), stream, period.field, FieldType.DATE)


def _check_flow(path: KeyPath, flow: FlowSettings, named: NamedStreams) -> Iterator[Problem]:
    rules: Mapping[str, RuleSettings] = {**flow.hand_offs, **flow.rules}
    for name, policy in flow.corrections.items():
        place = (*path, name)
        if name not in rules:
            message = f"unknown rule or hand-off '{name}'{did_you_mean(name, rules)}"
            yield Problem(place, message, at_key=True)
            continue
        yield from _check_fit(place, policy, rules[name])
        yield from _check_places(place, policy, rules[name], named)


def _check_fit(path: KeyPath, policy: PolicySettings, rule: RuleSettings) -> Iterator[Problem]:
    """The fix is one that such breaks can have, and has what it needs."""
    is_hand_off = isinstance(rule, HandOffSettings)
    check = str(getattr(rule, "check", ""))
    fitting = _OF_HAND_OFFS if is_hand_off else _FITTING.get(check, frozenset(Fix))
    fix = policy.fix
    if fix is not None and fix is not Fix.HAND_OVER and fix not in fitting:
        what = "a hand-off" if is_hand_off else f"the check '{check}'"
        hint = did_you_mean(fix, [*fitting, Fix.HAND_OVER])
        yield Problem((*path, "fix"), f"{what} finds nothing that '{fix}' repairs{hint}")
    for key, is_lacking in (
        ("fields", fix is Fix.CREATE and not (policy.fields or policy.set)),
        ("fields", fix is Fix.LINK and not policy.fields),
        ("from", fix is Fix.LINK and policy.source is None),
        ("set", fix is Fix.CLOSE and not policy.set),
        ("trigger", fix is Fix.TRIGGER and policy.trigger is None),
        ("effect", fix is Fix.REPLAY and policy.effect is None and not is_hand_off),
        ("effect", fix is Fix.TRIGGER and policy.effect is None),
    ):
        if is_lacking:
            yield Problem((*path, "fix"), f"the fix '{fix}' needs '{key}'")
    if fix is None and policy.trigger is not None and policy.effect is None:
        message = "a trigger needs 'effect': nothing else shows whether the flow ran"
        yield Problem((*path, "trigger"), message, at_key=True)
    if policy.limits is not None and policy.mode is not Mode.AUTO:
        yield Problem((*path, "limits"), "limits of its own are for the mode 'auto'", at_key=True)


def _check_places(
    path: KeyPath, policy: PolicySettings, rule: RuleSettings, named: NamedStreams
) -> Iterator[Problem]:
    """Streams, fields and keys that it names are there, and of types that can be copied."""
    for key, stream in (("from", policy.source), ("effect", policy.effect)):
        if stream is not None:
            yield from named.stream((*path, key), stream)
    source = policy.source or (rule.source if isinstance(rule, HandOffSettings) else None)
    target = _target_of(rule)
    for field, of in policy.fields.items():
        if target is not None:
            yield from named.field((*path, "fields", field), target, field, at_key=True)
        if source is not None:
            yield from named.field(
                (*path, "fields", field), source, of, _type(named, target, field)
            )
    for field, value in policy.set.items():
        place = (*path, "set", field)
        if target is not None:
            yield from named.field(place, target, field, at_key=True)
        yield from _check_value(place, value, _type(named, target, field))
    for kind, of in policy.keys.items():
        yield from _check_kind((*path, "keys", kind), kind, target, named, at_key=True)
        yield from _check_kind((*path, "keys", kind), of, source, named)


def _target_of(rule: RuleSettings) -> str | None:
    """The stream that its corrections write to, where the settings say; None where they do not."""
    if isinstance(rule, HandOffSettings):
        return rule.to
    stream = getattr(rule, "stream", None)
    return stream if isinstance(stream, str) else None


def _type(named: NamedStreams, stream: str | None, field: str) -> FieldType | None:
    return None if stream is None else named.fields.get(StreamId.parse(stream), {}).get(field)


def _check_value(
    path: KeyPath, value: str | int | bool, kind: FieldType | None
) -> Iterator[Problem]:
    if kind is not None:
        try:
            read_set_value(kind, value)
        except ValueError:
            yield Problem(path, f"the field '{path[-1]}' is {kind}, and this is none")


def _check_kind(
    path: KeyPath, kind: str, stream: str | None, named: NamedStreams, *, at_key: bool = False
) -> Iterator[Problem]:
    settings = None if stream is None else named.streams.get(StreamId.parse(stream))
    if settings is not None and kind not in _kinds(settings):
        hint = did_you_mean(kind, _kinds(settings))
        yield Problem(path, f"the stream {stream} has no key '{kind}'{hint}", at_key=at_key)


def _kinds(settings: StreamSettings) -> list[str]:
    return [*settings.defines, *settings.refers]


def _check_people(landscape: Landscape) -> Iterator[Problem]:
    """Somebody can approve what is proposed, and hears of it."""
    corrections = landscape.corrections
    for index, channel in enumerate(corrections.tell):
        if channel not in landscape.channels:
            hint = did_you_mean(channel, landscape.channels)
            yield Problem(("corrections", "tell", index), f"unknown channel '{channel}'{hint}")
    for name, flow in landscape.flows.items():
        for rule, policy in flow.corrections.items():
            if policy.mode is Mode.PROPOSE and not corrections.approvers:
                path: KeyPath = ("flows", name, "corrections", rule, "mode")
                message = "nobody could approve it: name people under corrections.approvers"
                yield Problem(path, message)


def _check_windows(landscape: Landscape) -> Iterator[Problem]:
    corrections = landscape.corrections
    for key, windows in (("allow", corrections.allow), ("deny", corrections.deny)):
        for index, window in enumerate(windows):
            yield from _check_window(("corrections", key, index), window)


def _check_window(path: KeyPath, window: WindowSettings) -> Iterator[Problem]:
    for index, day in enumerate(window.days):
        if day not in _DAYS:
            hint = did_you_mean(day, _DAYS)
            yield Problem((*path, "days", index), f"unknown day '{day}'{hint}")
    try:
        ZoneInfo(window.zone)
    except (LookupError, OSError, ValueError):
        hint = did_you_mean(window.zone, available_timezones())
        yield Problem((*path, "zone"), f"unknown time zone '{window.zone}'{hint}")
    if window.opens == window.closes:
        yield Problem((*path, "closes"), "it closes as it opens: no time lies in it")
    if window.since is not None and window.until is not None and window.until < window.since:
        yield Problem((*path, "until"), "its last day lies before its first")
