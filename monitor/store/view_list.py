"""The views, in the order of their reference page."""

from monitor.core.breaks import LIVE_STATES
from monitor.store.views import Column, Kind, View

_TEXT, _COUNT, _MONEY = Kind.TEXT, Kind.COUNT, Kind.MONEY
_SECONDS, _TRUTH, _INSTANT = Kind.SECONDS, Kind.TRUTH, Kind.INSTANT

_YES = "(SELECT count(*) FROM approval a WHERE a.plan = c.plan AND a.is_approved)"
_STANDS = ", ".join(f"'{state.value}'" for state in sorted(LIVE_STATES))
_FLOW = Column("flow", _TEXT, "t.flow", "Business process.")
_DEAL = Column("transaction_key", _TEXT, "t.key", "Business key of the deal.")


def _same(name: str, kind: Kind, meaning: str, table: str) -> Column:
    return Column(name, kind, f"{table}.{name}", meaning)


BREAKS = View(
    "breaks",
    "A break, as it stands or stood last.",
    (
        Column("id", _TEXT, "substr(b.fingerprint, 1, 10)", "What people type."),
        _same("fingerprint", _TEXT, "Identity over time.", "b"),
        _same("flow", _TEXT, "Business process; `estate` for what watches find.", "b"),
        Column("transaction_key", _TEXT, 'b."transaction"', "Business key of the deal."),
        _same("rule", _TEXT, "Rule, hand-off or watch that found it.", "b"),
        _same("kind", _TEXT, "Class of the discrepancy.", "b"),
        _same("classification", _TEXT, "In what way money is wrong; empty: it is not.", "b"),
        _same("severity", _TEXT, "`info`, `warning` or `critical`.", "b"),
        _same("hop", _TEXT, "Hand-off, or the two streams compared.", "b"),
        _same("system", _TEXT, "System at fault.", "b"),
        _same("stream", _TEXT, "Stream in it.", "b"),
        _same("entity", _TEXT, "Canonical business object.", "b"),
        _same("field", _TEXT, "Field that differs; empty: the whole record.", "b"),
        _same("record_id", _TEXT, "Native id, or the key of what is missing.", "b"),
        _same("expected", _TEXT, "What the owner of the field has.", "b"),
        _same("actual", _TEXT, "What was found.", "b"),
        _same("value_at_risk", _MONEY, "Money that depends on it.", "b"),
        _same("currency", _TEXT, "Its currency, ISO 4217.", "b"),
        _same("owner", _TEXT, "Who holds it.", "b"),
        _same("state", _TEXT, "Where it is in its life.", "b"),
        Column("stands", _TRUTH, f"b.state IN ({_STANDS})", "Confirmed, and not yet resolved."),
        _same("since", _INSTANT, "Since when it is wrong, by the systems' stamps.", "b"),
        _same("suspected_at", _INSTANT, "When it was first seen.", "b"),
        _same("opened_at", _INSTANT, "When it was confirmed.", "b"),
        _same("resolved_at", _INSTANT, "When it was seen to be gone.", "b"),
        _same("seen_at", _INSTANT, "When its evidence was last looked at.", "b"),
        _same("episode", _COUNT, "One more at each reopening.", "b"),
    ),
    '"break" b',
)

BREAK_HISTORY = View(
    "break_history",
    "A step in the life of a break.",
    (
        Column("break_id", _TEXT, "substr(s.fingerprint, 1, 10)", "`id` in `tieout_breaks`."),
        _same("fingerprint", _TEXT, "Identity over time.", "s"),
        _same("sequence", _COUNT, "Order within the break's life.", "s"),
        _same("at", _INSTANT, "When.", "s"),
        _same("kind", _TEXT, "What happened.", "s"),
        Column("state_before", _TEXT, 's."before"', "State before; null at first sight."),
        Column("state_after", _TEXT, 's."after"', "State after."),
        _same("who", _TEXT, "Who did it; `tieout` for the daemon.", "s"),
        _same("why", _TEXT, "One sentence.", "s"),
    ),
    "break_transition s",
)

CORRECTIONS = View(
    "corrections",
    "A correction of a plan that was kept, as it stands.",
    (
        _same("id", _COUNT, "What people type.", "c"),
        Column("plan_id", _TEXT, "substr(c.plan, 1, 12)", "What people type of its plan."),
        Column("plan_hash", _TEXT, "c.plan", "Names the plan, and all that it would do."),
        _same("flow", _TEXT, "Business process.", "p"),
        _same("mode", _TEXT, "`propose`: people approve it; `auto`: its policies do.", "p"),
        _same("requester", _TEXT, "Who asked for it; `tieout` for the daemon.", "p"),
        Column("break_id", _TEXT, "substr(c.fingerprint, 1, 10)", "`id` in `tieout_breaks`."),
        _same("fingerprint", _TEXT, "Of the break.", "c"),
        Column("transaction_key", _TEXT, 'b."transaction"', "Business key of the deal."),
        _same("rule", _TEXT, "Rule or hand-off that found the break.", "b"),
        _same("value_at_risk", _MONEY, "Money that depends on the break.", "b"),
        _same("currency", _TEXT, "Its currency, ISO 4217.", "b"),
        _same("system", _TEXT, "Where it writes; empty: a person does it.", "c"),
        _same("target", _TEXT, "The record, or the key that it will have.", "c"),
        _same("native_id", _TEXT, "The system's own identifier, once it is known.", "c"),
        _same("state", _TEXT, "Where it is in its life.", "c"),
        Column("verified", _TRUTH, "c.state = 'verified'", "Read back, and as intended."),
        _same("reason", _TEXT, "Why it ended so, or why nothing is known.", "c"),
        _same("undoes", _COUNT, "Correction that it takes back; null: none.", "c"),
        Column("planned_at", _INSTANT, "p.made_at", "When its plan was made."),
        _same("opened_at", _INSTANT, "When the break was confirmed.", "b"),
        _same("intended_at", _INSTANT, "When its intent was durable; null: nothing written.", "c"),
        _same("applied_at", _INSTANT, "When its target had taken it.", "c"),
        _same("ended_at", _INSTANT, "When it came to an end; null: it has not.", "c"),
        Column("approved_by", _COUNT, _YES, "How many people, or policies, approved its plan."),
    ),
    "correction c JOIN plan p ON p.hash = c.plan"
    ' LEFT JOIN "break" b ON b.fingerprint = c.fingerprint',
)

CORRECTION_STEPS = View(
    "correction_steps",
    "A step in the life of a correction.",
    (
        Column("correction_id", _COUNT, "s.correction_id", "`id` in `tieout_corrections`."),
        _same("sequence", _COUNT, "Order within the correction's life.", "s"),
        _same("at", _INSTANT, "When.", "s"),
        Column("state_before", _TEXT, 's."before"', "State before."),
        Column("state_after", _TEXT, 's."after"', "State after."),
        _same("who", _TEXT, "In whose name; `tieout` for the daemon.", "s"),
        _same("why", _TEXT, "One sentence.", "s"),
    ),
    "correction_step s",
)

_MEASURED = "business_transaction t LEFT JOIN measured_deal m ON m.transaction_id = t.id"

TRANSACTIONS = View(
    "transactions",
    "A transaction: one deal's records in every system, taken together.",
    (
        _FLOW,
        _DEAL,
        _same("status", _TEXT, "What the last look said.", "t"),
        _same("status_since", _INSTANT, "Since when it has said so.", "t"),
        _same("evaluated_at", _INSTANT, "When that look was.", "t"),
        _same("amount", _MONEY, "What the deal is worth.", "m"),
        _same("currency", _TEXT, "Its currency, ISO 4217.", "m"),
        _same("region", _TEXT, "Where the deal belongs; empty: not said.", "m"),
        _same("legal_entity", _TEXT, "Company of the firm; empty: not said.", "m"),
        _same("service_line", _TEXT, "Service that is sold; empty: not said.", "m"),
    ),
    _MEASURED,
)

HAND_OFFS = View(
    "hand_offs",
    "What one system has and the next one has to get.",
    (
        _FLOW,
        _DEAL,
        Column("hand_off", _TEXT, "h.hop", "Name of the hand-off."),
        _same("pair", _TEXT, "Key that pairs single records; empty: the whole deal.", "h"),
        _same("started_at", _INSTANT, "From when its time runs.", "h"),
        _same("due_at", _INSTANT, "When it has to have arrived.", "h"),
        _same("has_arrived", _TRUTH, "Whether it has.", "h"),
        _same("arrived_at", _INSTANT, "When, where the system stamps it.", "h"),
        Column("taken_seconds", _SECONDS, "h.arrived_at - h.started_at", "How long it took."),
        Column("worked_seconds", _SECONDS, "h.worked", "Working time that it took."),
        _same("amount", _MONEY, "Money that is handed on.", "h"),
        _same("currency", _TEXT, "Its currency, ISO 4217.", "h"),
    ),
    "measured_hand_off h JOIN business_transaction t ON t.id = h.transaction_id",
)

RECORDS = View(
    "records",
    "A record in a transaction, without what it says.",
    (
        _FLOW,
        _DEAL,
        Column("stream", _TEXT, "r.stream", "Stream, as `system.stream`."),
        _same("native_id", _TEXT, "The system's own identifier.", "r"),
        _same("entity", _TEXT, "Canonical business object.", "r"),
        _same("modified_at", _INSTANT, "The system's own stamp.", "r"),
        _same("observed_at", _INSTANT, "When tieout first saw it so.", "r"),
        _same("deleted", _TRUTH, "The system no longer has it.", "r"),
    ),
    "link l JOIN business_transaction t ON t.id = l.transaction_id"
    " JOIN record r ON r.id = l.record_id",
)

STREAMS = View(
    "streams",
    "A stream and how far it has been read.",
    (
        _same("stream", _TEXT, "As `system.stream`.", "s"),
        _same("looked_until", _INSTANT, "Server time up to which it is known.", "s"),
        _same("last_attempt_at", _INSTANT, "When it was last looked at.", "s"),
        _same("last_success_at", _INSTANT, "When a look was last complete.", "s"),
        _same("failing_since", _INSTANT, "Since when looks fail; null: they do not.", "s"),
        _same("failure_reason", _TEXT, "Why the last one failed.", "s"),
    ),
    "stream_state s",
)

QUARANTINE = View(
    "quarantine",
    "A row that could not become a record, without what it says.",
    (
        _same("stream", _TEXT, "As `system.stream`.", "q"),
        _same("native_id", _TEXT, "The system's own identifier, where it could be read.", "q"),
        _same("reason", _TEXT, "Why.", "q"),
        _same("detail", _TEXT, "One sentence.", "q"),
        _same("first_seen_at", _INSTANT, "When it was first seen.", "q"),
        _same("last_seen_at", _INSTANT, "When it was last seen.", "q"),
        _same("released_at", _INSTANT, "When it was readable again.", "q"),
    ),
    "quarantine q",
)

VIEWS = (
    BREAKS,
    BREAK_HISTORY,
    CORRECTIONS,
    CORRECTION_STEPS,
    TRANSACTIONS,
    HAND_OFFS,
    RECORDS,
    STREAMS,
    QUARANTINE,
)
