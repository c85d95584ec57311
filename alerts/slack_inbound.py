"""What Slack sends when somebody presses a button or types a command (docs.slack.dev, "Payloads").

Of what comes only what is needed is kept; whatever does not read as expected is nothing.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from alerts.slack_actions import DAYS, FORM, REASON
from monitor.core.answers import Click, Command, Filled, read_press

_MOST_DIGITS = 5


class _User(msgspec.Struct):
    id: str


class _Action(msgspec.Struct):
    action_id: str
    action_ts: str
    block_id: str = ""
    value: str = ""
    selected_user: str = ""
    selected_option: dict[str, Any] | None = None


class _Container(msgspec.Struct):
    message_ts: str = ""


class _State(msgspec.Struct):
    values: dict[str, dict[str, dict[str, Any]]] = {}


class _View(msgspec.Struct):
    id: str
    callback_id: str = ""
    private_metadata: str = ""
    state: _State = msgspec.field(default_factory=_State)


class _Payload(msgspec.Struct):
    type: str
    user: _User
    actions: list[_Action] = []
    response_url: str = ""
    trigger_id: str = ""
    container: _Container = msgspec.field(default_factory=_Container)
    view: _View | None = None


def read_interaction(payload: bytes | Mapping[str, Any], channel: str) -> Click | Filled | None:
    """The button that somebody pressed, or the form that they filled in; None for anything else.

    Args:
        payload: as Slack sends it.
        channel: through whose app it came.
    """
    try:
        read = (
            msgspec.json.decode(payload, type=_Payload)
            if isinstance(payload, bytes)
            else msgspec.convert(payload, _Payload)
        )
    except (msgspec.DecodeError, msgspec.ValidationError):
        return None
    if read.type == "view_submission" and read.view is not None:
        return _read_form(read.view, read.user.id, channel)
    if read.type != "block_actions" or len(read.actions) != 1:
        return None
    (action,) = read.actions
    option = action.selected_option or {}
    # A choice of people carries no value of its own: its block's name does.
    text = action.value or str(option.get("value") or "") or action.block_id
    press = read_press(text)
    if press is None:
        return None
    key = f"click {read.container.message_ts} {action.action_id} {read.user.id} {action.action_ts}"
    who = read.user.id
    return Click(key, who, press, action.selected_user, read.response_url, read.trigger_id, channel)


def _read_form(view: _View, member: str, channel: str) -> Filled | None:
    press = read_press(view.private_metadata)
    if press is None or view.callback_id != FORM:
        return None
    reason = view.state.values.get(REASON, {}).get(REASON, {}).get("value")
    option = view.state.values.get(DAYS, {}).get(DAYS, {}).get("selected_option") or {}
    days = str(option.get("value") if isinstance(option, Mapping) else "")
    return Filled(
        f"form {view.id} {member}",
        member,
        press,
        reason if isinstance(reason, str) else "",
        int(days) if days.isascii() and days.isdigit() and len(days) < _MOST_DIGITS else 0,
        channel=channel,
    )


def read_command(form: Mapping[str, str], channel: str) -> Command | None:
    """The command that somebody typed; None where it is none of ours."""
    if form.get("command") != "/tieout" or not form.get("user_id"):
        return None
    key = f"command {form.get('trigger_id', '')} {form['user_id']}"
    text, reply_to = form.get("text", ""), form.get("response_url", "")
    return Command(key, form["user_id"], text, reply_to, channel)
