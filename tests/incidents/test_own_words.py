"""A firm's templates on their way to people: used, or said not to be usable."""

from dataclasses import replace

from alerts.wording import Wording
from monitor.core.incident_metrics import TEMPLATES_FAILED
from monitor.core.wording import Slot, TemplateSettings
from monitor.jobs import deliver_notices
from monitor.store.database import Database
from tests.incidents.board import look, watched_firm


def test_people_hear_in_the_firms_words_and_a_failure_is_said_and_counted(
    sqlite_database: Database,
) -> None:
    firm, board = watched_firm(sqlite_database)
    settings = TemplateSettings(
        title="{{ deal }} at {{ owners[0] }}",
        text="{% if state == 'resolved' %}{{ oops }}{% endif %}Call the desk.",
    )
    firm.estate = replace(firm.estate, wording=Wording(settings))
    firm.win("D1")
    firm.staff("D1", amount="900.00")
    look(firm)
    deliver_notices(firm.estate, firm.runtime)
    (post,) = board.posts
    assert post.shown.title == "D1 at delivery"
    assert post.shown.words.text == "Call the desk."
    firm.staff("D1")
    firm.later(minutes=1)
    look(firm)
    deliver_notices(firm.estate, firm.runtime)
    assert [fault.slot for fault in post.shown.words.faults] == [Slot.TEXT]
    page, _ = firm.runtime.metrics.expose("text/plain")
    assert f'{TEMPLATES_FAILED.name}{{template="text"}} 1.0' in page.decode()
