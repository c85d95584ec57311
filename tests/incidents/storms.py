"""A firm in which much breaks at once, and what a reader of its Slack sees of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from alerts import CHANNELS
from monitor.core.incidents import CauseKind
from monitor.core.plugins import ChannelContext, RuleContext
from monitor.core.telling import IncidentSettings
from monitor.jobs import deliver_notices
from monitor.store.database import Database
from monitor.store.incidents import standing_causes
from reconcilers import RULES
from tests.alerts.fake_slack import FakeSlack
from tests.alerts.harness import slack_settings
from tests.alerts.receiver import Receiver, running
from tests.cycle.small_firm import OPPORTUNITY, PROJECT, SmallFirm

CAP = 10
"""Messages that a channel gets one by one within ten minutes, unless the landscape says other."""

_PAGE = 500


@dataclass
class Channel:
    """A conversation in Slack, and the firm whose incidents it shows."""

    firm: SmallFirm
    slack: FakeSlack

    def titles(self) -> list[str]:
        """What its messages say first, in the order in which they came."""
        return [str(each["text"]) for each in self.slack.messages]

    def tell(self, turns: int = 3) -> None:
        """Delivery takes its turns."""
        for _ in range(turns):
            deliver_notices(self.firm.estate, self.firm.runtime)

    def standing(self, kind: CauseKind) -> int:
        with self.firm.database.read() as connection:
            return len(standing_causes(connection, kind))


@contextmanager
def channel_of(database: Database, rules: int = 1, **settings: Any) -> Iterator[Channel]:
    """A firm with so many rules that compare a project's amount, and its Slack.

    Slack's pace is kept in the firm's own time.
    """
    firm, slack = SmallFirm(database), FakeSlack()
    firm.crm.page = firm.psa.page = _PAGE
    row = CHANNELS["slack"]
    with running(Receiver(slack.answer)) as receiver:
        context = ChannelContext("people", firm.clock, lambda seconds: firm.later(seconds=seconds))
        raw = slack_settings(receiver.address)
        channel = row.build(row.settings.model_validate(raw), context)
        firm.estate = replace(
            firm.estate,
            channels={"people": channel},
            incidents=IncidentSettings.model_validate(settings),
            flows=(_with_rules(firm, rules),),
        )
        yield Channel(firm, slack)
        channel.close()


def break_deals(firm: SmallFirm, deals: int) -> None:
    """So many deals whose projects say another amount."""
    for number in range(deals):
        firm.win(f"D{number}")
        firm.staff(f"D{number}", amount="900.00")


def _with_rules(firm: SmallFirm, rules: int) -> Any:
    (flow,) = firm.estate.flows
    sources = firm.estate.sources
    context = RuleContext(
        flow=flow.name,
        root=OPPORTUNITY,
        entities={stream: stream.stream for stream in sources},
        fields={stream: source.fields for stream, source in sources.items()},
        owners={"crm": "sales", "psa": "delivery"},
        value_stream=OPPORTUNITY,
    )
    row = RULES["mismatch"]
    settings = row.settings.model_validate(
        {
            "check": "mismatch",
            "left": str(OPPORTUNITY),
            "right": str(PROJECT),
            "fields": {"amount": {"tolerance": "0.005"}},
        }
    )
    built = tuple(row.build(f"budget-{number}", settings, context) for number in range(rules))
    return replace(flow, rules=built, margins={rule.name: firm.settle for rule in built})
