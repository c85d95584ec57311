"""Cards and changes in words, and as JSON holds them."""

import json
from typing import Any

from monitor.controls.cards import Card
from monitor.controls.comparing import Change, ChangeKind
from monitor.controls.history import History
from monitor.controls.runs import Stretch
from monitor.core.model import encode_value

LONGEST = 200
"""Characters of a value in words."""


def tell_change(change: Change) -> str:
    """`flows.sales.rules.amount.tolerance was changed from 0 to 5`."""
    where = ".".join(change.path)
    match change.kind:
        case ChangeKind.ADDED:
            return f"{where} was added: {_shown(change.after)}"
        case ChangeKind.REMOVED:
            return f"{where} was removed: {_shown(change.before)}"
        case ChangeKind.CHANGED:
            return f"{where} was changed from {_shown(change.before)} to {_shown(change.after)}"


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, sort_keys=True)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def card_as_json(card: Card) -> dict[str, Any]:
    """Everything that a card says."""
    return {
        "control": card.name,
        **card.control.model_dump(mode="json"),
        "rule_versions": dict(card.rules),
        "streams": [str(stream) for stream in card.streams],
        "looked": [_stretch(each) for each in card.runs.stretches],
        "missed": [_stretch(each) for each in card.runs.missed],
        "exceptions": card.exceptions._asdict(),
        "history": history_as_json(card.history),
        "reports": [each.id for each in card.reports],
        "sign_offs": [{**each._asdict(), "at": encode_value(each.at)} for each in card.sign_offs],
    }


def history_as_json(history: History) -> dict[str, Any]:
    """Every change, with whole hashes and values."""
    return {
        "first": history.first,
        "last": history.last,
        "revisions": [
            {
                "at": encode_value(each.at),
                "before": each.before,
                "after": each.after,
                "changes": None
                if each.changes is None
                else [
                    {**change._asdict(), "kind": change.kind.value, "path": list(change.path)}
                    for change in each.changes
                ],
            }
            for each in history.revisions
        ],
    }


def _stretch(stretch: Stretch) -> dict[str, Any]:
    return {"from": encode_value(stretch.since), "until": encode_value(stretch.until)}
