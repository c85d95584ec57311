"""A landscape as it is in force, without its secrets: for people, and as a hash."""

import hashlib
import json
from typing import Any

from monitor.config.context import owner_calendars
from monitor.config.issues import KeyPath
from monitor.config.landscape import Landscape
from monitor.core.streams import Settings, StreamSettings

_HIDDEN = "**********"


def effective(landscape: Landscape) -> dict[str, Any]:
    """Every setting with its default filled in, as JSON holds it.

    Where a reference stood, the reference stands; a secret that came another way is hidden.
    """
    shown: Any = landscape.model_dump(mode="json", by_alias=True)
    for path, written in landscape.references.items():
        shown = _put(shown, path, written)
    return dict(shown)


def digest(landscape: Landscape) -> str:
    """SHA-256 over the whole landscape in its effective form: 64 hex digits."""
    return _hash(effective(landscape))


def digest_of(settings: Settings) -> str:
    """SHA-256 over some settings, secrets left out: 64 hex digits.

    Two forms that mean the same (defaults spelt out, keys in another order) have one digest.
    """
    return _hash(settings.model_dump(mode="json", by_alias=True))


def reading_digest(stream: StreamSettings) -> str:
    """The same over a stream, but for what is said of writing it: that changes no row."""
    shown = stream.model_dump(mode="json", by_alias=True)
    shown.pop("write", None)
    return _hash(shown)


def rules_digest(landscape: Landscape, flow: str) -> str:
    """SHA-256 over all that a flow's findings follow from, beside the records: 64 hex digits.

    That is the flow, the calendars that its hand-offs count with and whose each of them is, the
    exchange rates, the settling margin and who holds the systems.
    """
    shown = effective(landscape)
    # What may be done about a finding is no part of it, nor is how findings are counted.
    shown["flows"][flow].pop("corrections")
    shown["flows"][flow].pop("indicators")
    owners = {name: system.owner for name, system in landscape.systems.items()}
    times = [shown["calendars"], owner_calendars(landscape)]
    return _hash([shown["flows"][flow], times, shown["rates"], shown["settle"], owners])


def policies_digest(landscape: Landscape, flow: str) -> str:
    """SHA-256 over all that a flow's corrections follow from, beside its findings: 64 hex digits.

    That is its policies, who owns which field, what holds for every correction, and the currency in
    which its limits are stated.
    """
    shown = effective(landscape)
    of_flow = shown["flows"][flow]
    parts = [of_flow["corrections"], of_flow["of_record"], shown["corrections"]]
    return _hash([flow, *parts, landscape.firm.currency])


def as_text(form: Any) -> str:
    """The one text of an effective form: what its hash is of."""
    return json.dumps(form, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _hash(form: Any) -> str:
    return hashlib.sha256(as_text(form).encode()).hexdigest()


def _put(form: Any, path: KeyPath, value: str) -> Any:
    """The form with a value in place of what stands at the path.

    Where a plug-in's settings were brought to another shape than the file's, what is above is
    hidden whole: better too little shown than a secret.
    """
    if not path:
        return value
    step, rest = path[0], path[1:]
    is_there = step in form if isinstance(form, dict) else isinstance(form, list)
    if not is_there or (isinstance(form, list) and not int(step) < len(form)):
        return _HIDDEN
    form[step] = _put(form[step], rest, value)
    return form
