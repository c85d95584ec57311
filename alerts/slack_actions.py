"""The buttons beside an incident: what can be done about it as it stands, and nothing else.

Once something is decided its buttons are gone, and the message says who decided what.
"""

from collections.abc import Iterator

from slack_sdk.models.blocks import ActionsBlock, Block, InputBlock, InteractiveElement
from slack_sdk.models.blocks.basic_components import Option, PlainTextObject
from slack_sdk.models.blocks.block_elements import (
    ButtonElement,
    PlainTextInputElement,
    StaticSelectElement,
    UserSelectElement,
)
from slack_sdk.models.views import View

from monitor.core.answers import Act, Form, Press, write_press
from monitor.core.corrections import PlanState
from monitor.core.incidents import CauseKind, IncidentState, Message

_OF_OTHERS = frozenset({CauseKind.STORM, CauseKind.SILENCE})
"""Causes of messages that list incidents which have, or had, messages of their own."""

MAX_TITLE = 24
"""Characters of a form's title (docs.slack.dev, "Modal view")."""

FORM, REASON, DAYS = "ignore", "reason", "days"
"""Names of the form that is asked for before breaks are set aside, and of its parts."""

TERMS = (1, 3, 7, 30)
"""For how many days breaks may be set aside with one press."""

HOURS = (1, 4, 12)
"""For how long an incident may be let wait with one press."""


def action_blocks(message: Message) -> list[Block]:
    """The rows of buttons; none for what is over, or stands for other incidents."""
    incident = message.incident
    is_over = incident.state is IncidentState.RESOLVED or incident.merged_into is not None
    if is_over or incident.cause.kind in _OF_OTHERS:
        return []
    blocks: list[Block] = [ActionsBlock(elements=list(_handle(message)))]
    assign = write_press(Press(Act.ASSIGN, incident.id, incident.acknowledged_by))
    blocks.append(ActionsBlock(block_id=assign, elements=[_people()]))
    if decide := list(_decide(message)):
        blocks.append(ActionsBlock(elements=decide))
    return blocks


def _handle(message: Message) -> Iterator[InteractiveElement]:
    number, holder = message.incident.id, message.incident.acknowledged_by
    if holder:
        release = Press(Act.RELEASE, number, holder)
        yield ButtonElement(text="Let go", action_id=Act.RELEASE, value=write_press(release))
    else:
        take = Press(Act.ACKNOWLEDGE, number)
        yield ButtonElement(
            text="I look after it", action_id=Act.ACKNOWLEDGE, value=write_press(take),
            style="primary",
        )  # fmt: skip
    yield StaticSelectElement(
        placeholder=PlainTextObject(text="Let it wait"),
        action_id=Act.SNOOZE,
        options=[
            Option(
                text=f"for {hours} hour{'' if hours == 1 else 's'}",
                value=write_press(Press(Act.SNOOZE, number, holder, hours=hours)),
            )
            for hours in HOURS
        ],
    )
    if message.standing:
        ignore = Press(Act.IGNORE, number, holder)
        yield ButtonElement(text="Ignore …", action_id=Act.IGNORE, value=write_press(ignore))


def ignore_form(form: Form) -> View:
    """What is asked before breaks are set aside: why, and for how long."""
    options = [
        Option(text=f"{days} day{'' if days == 1 else 's'}", value=str(days)) for days in TERMS
    ]
    return View(
        type="modal",
        callback_id=FORM,
        private_metadata=write_press(form.press),
        title=PlainTextObject(text=f"Ignore incident {form.press.incident}"[:MAX_TITLE]),
        submit=PlainTextObject(text="Ignore"),
        close=PlainTextObject(text="Cancel"),
        blocks=[
            InputBlock(
                block_id=REASON,
                label=PlainTextObject(text="Why nobody needs to hear of it"),
                element=PlainTextInputElement(action_id=REASON, max_length=500),
            ),
            InputBlock(
                block_id=DAYS,
                label=PlainTextObject(text="For how long"),
                element=StaticSelectElement(action_id=DAYS, options=options),
            ),
        ],
    )


def _people() -> InteractiveElement:
    placeholder = PlainTextObject(text="Give it to …")
    return UserSelectElement(placeholder=placeholder, action_id=Act.ASSIGN)


def _decide(message: Message) -> Iterator[InteractiveElement]:
    """Yes and no to the plan that would repair it: only where all that it would do is shown."""
    proposal = message.circumstances.proposal
    if proposal is None or not proposal.is_whole:
        return
    if proposal.state != PlanState.PROPOSED.value or not proposal.approvers:
        return
    number, holder = message.incident.id, message.incident.acknowledged_by
    for act, text, style in (
        (Act.APPROVE, "Approve the plan", "primary"),
        (Act.REJECT, "Reject it", "danger"),
    ):
        press = Press(act, number, holder, proposal.hash)
        yield ButtonElement(text=text, action_id=act, value=write_press(press), style=style)
