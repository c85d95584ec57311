"""Routes by company: people's channels and machines' feeds hear of the same deals."""

from dataclasses import replace

from monitor.core.routes import RouteSettings
from monitor.store.database import Database
from tests.cycle.recorder import Recorder
from tests.incidents.team import break_deal, team_firm, tell, turn

ROUTE = {"channels": ["team", "feed"], "legal_entities": ["DE10"]}


def test_who_hears_of_one_company_hears_of_no_other_on_channels_and_on_feeds(
    database: Database,
) -> None:
    firm, boards = team_firm(database, {"channels": ["team"]})
    feed = Recorder()
    firm.estate = replace(
        firm.estate,
        channels={**boards, "feed": feed},
        routes=(RouteSettings.model_validate(ROUTE),),
    )
    for deal, company in (("D1", "DE10"), ("D2", "FR20"), ("D3", None)):
        break_deal(firm, deal)
        firm.psa.put(f"p-{deal}", deal, legal_entity=company)
    turn(firm)
    tell(firm, minutes=1)
    assert ["D1" in title for title in boards["team"].titles()] == [True]
    assert [notice.transaction for notice in feed.notices] == ["D1"]
