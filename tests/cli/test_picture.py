"""The picture of a deal, character by character. `python -m tests.cli.test_picture` redraws it."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from monitor.core.breaks import BreakKind, BreakState, Severity
from monitor.core.circumstances import HopState
from monitor.core.model import StreamId
from monitor.core.sight import Blindness
from monitor.core.transactions import TransactionStatus
from monitor.reports.deal import DealTrace, Hop, Stop
from monitor.reports.picture import show_trace
from tests.store.building import a_break, a_finding

GOLDEN = Path(__file__).parent / "golden"
WIDTHS = {"trace.txt": 100, "trace-wide.txt": 150}
START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
CRM, CONTRACT = StreamId("crm", "opportunities"), StreamId("contracts", "contracts")
PSA, ERP = StreamId("psa", "projects"), StreamId("erp", "projects")
MESSAGES = StreamId("middleware", "messages")


def a_stop(stream: StreamId, entity: str, name: str, hours: float, **fields: str) -> Stop:
    at = START + timedelta(hours=hours)
    return Stop(stream, entity, name, at, {"number": name, **fields}, deleted=False)


def a_trace() -> DealTrace:
    amount = {"amount": "1234567.500000", "currency": "EUR"}
    mismatch = a_finding(
        "OPP-123",
        stream="projects",
        severity=Severity.CRITICAL,
        expected="1234567.500000",
        actual="1234567.000000",
        value_at_risk=Decimal("0.500000"),
        since=START + timedelta(hours=31),
    )
    late = a_finding(
        "OPP-123",
        rule="project-opened",
        kind=BreakKind.LATE,
        system="psa",
        stream="projects",
        field="",
        expected="2026-03-03T13:00:00.000000+00:00",
        actual="2026-03-03T14:30:15.250000+00:00",
        value_at_risk=Decimal("1234567.500000"),
        since=START + timedelta(hours=29),
    )
    return DealTrace(
        flow="sales-to-cash",
        key="OPP-123",
        status=TransactionStatus.BROKEN,
        status_since=START,
        hops=(
            Hop("contract-signed", CRM, CONTRACT, HopState.DONE),
            Hop("project-opened", CONTRACT, PSA, HopState.LATE),
            Hop("project-booked", PSA, ERP, HopState.MISSING),
            Hop("change-order-planned", CRM, PSA, HopState.NOT_STARTED),
            Hop("invoiced", ERP, ERP, HopState.UNKNOWN),
        ),
        stops=(
            a_stop(CRM, "opportunity", "OPP-123", 0, status="won", **amount),
            a_stop(MESSAGES, "message", "M-9001", 0.25, status="done"),
            a_stop(CONTRACT, "contract", "[bold]SOW[/bold]-123", 25, status="signed", **amount),
            a_stop(PSA, "project", "PRJ-123", 30.5, status="active", **amount),
            Stop(ERP, "billing_schedule", "BL-1", None, {}, deleted=True),
        ),
        breaks=(
            a_break(mismatch),
            a_break(late),
            a_break(a_finding("OPP-123", field="currency"), BreakState.RESOLVED),
        ),
        blind={ERP: Blindness.LAST_LOOK_FAILED},
    )


def drawn(width: int) -> str:
    paper = StringIO()
    show_trace(a_trace(), Console(file=paper, width=width, color_system=None))
    return "\n".join(line.rstrip() for line in paper.getvalue().splitlines()) + "\n"


@pytest.mark.parametrize("name", WIDTHS)
def test_the_picture_is_the_one_that_was_approved(name: str) -> None:
    assert drawn(WIDTHS[name]) == (GOLDEN / name).read_text("utf-8")


@pytest.mark.parametrize("width", [60, 80, 100, 120, 160, 240])
def test_no_figure_is_cut_at_any_width(width: int) -> None:
    shown = drawn(width)
    assert "…" not in shown
    for figure in ("1,234,567.50", "1,234,567.00", "0.50", "2026-03-03", "14:30:15.25"):
        assert figure in shown


if __name__ == "__main__":
    for name, width in WIDTHS.items():
        (GOLDEN / name).write_text(drawn(width), "utf-8")
