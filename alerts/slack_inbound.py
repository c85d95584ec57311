"""What Slack sends when somebody presses a button or types a command (docs.slack.dev, "Payloads").

Of what comes only what is needed is kept; whatever does not read as expected is nothing.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from monitor.core.answers import Click, Command, read_press


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


class _Payload(msgspec.Struct):
    type: str
    user: _User
    actions: list[_Action] = []
    response_url: str = ""
    container: _Container = msgspec.field(default_factory=_Container)


def read_click(payload: bytes | Mapping[str, Any]) -> Click | None:
    """The button that somebody pressed; None where it is none of ours."""
    try:
        read = (
            msgspec.json.decode(payload, type=_Payload)
            if isinstance(payload, bytes)
            else msgspec.convert(payload, _Payload)
        )
    except (msgspec.DecodeError, msgspec.ValidationError):
        return None
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
    return Click(key, read.user.id, press, action.selected_user, read.response_url)


def read_command(form: Mapping[str, str]) -> Command | None:
    """The command that somebody typed; None where it is none of ours."""
    if form.get("command") != "/tieout" or not form.get("user_id"):
        return None
    key = f"command {form.get('trigger_id', '')} {form['user_id']}"
    return Command(key, form["user_id"], form.get("text", ""), form.get("response_url", ""))
