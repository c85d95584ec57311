"""Plans read back from the canonical JSON that their hash is of."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec

from monitor.core.corrections import Correction, Fix, Mode, Plan
from monitor.core.entities import EntityFields
from monitor.core.errors import Permanent, Reason
from monitor.core.model import KeyRole, KeyUse, StreamId, Value, decode_value
from monitor.core.writing import Operation, Write

FieldsByStream = Mapping[StreamId, EntityFields]


def decode_plan(document: str, expected_hash: str, fields: FieldsByStream) -> Plan:
    """The plan that a document says, to the letter.

    Args:
        document: as `encode_plan` leaves it.
        expected_hash: of the plan.
        fields: canonical fields by stream, which say of what type each value is.

    Raises:
        Permanent: the document was altered, or what it writes to is of other types by now.
    """
    try:
        plan = _plan(msgspec.json.decode(document), fields)
    except (ValueError, KeyError, TypeError) as error:
        raise Permanent(
            "the plan does not fit the landscape any more: make a new one", reason=Reason.SCHEMA
        ) from error
    if plan.hash != expected_hash:
        raise Permanent("the plan is not what its hash says", reason=Reason.MALFORMED)
    return plan


def _plan(said: Mapping[str, Any], fields: FieldsByStream) -> Plan:
    return Plan(
        flow=said["flow"],
        mode=Mode(said["mode"]),
        requester=said["requester"],
        made_at=datetime.fromisoformat(said["made_at"]),
        expires_at=datetime.fromisoformat(said["expires_at"]),
        policies=said["policies"],
        corrections=tuple(_correction(each, fields) for each in said["corrections"]),
    )


def _correction(said: Mapping[str, Any], fields: FieldsByStream) -> Correction:
    at_risk = said["value_at_risk"]
    return Correction(
        fingerprint=said["fingerprint"],
        break_id=said["break_id"],
        transaction=said["transaction"],
        rule=said["rule"],
        fix=Fix(said["fix"]),
        write=None if said["write"] is None else _write(said["write"], fields),
        value_at_risk=None if at_risk is None else Decimal(at_risk),
        currency=said["currency"],
        why=said["why"],
        undoes=said["undoes"],
    )


def _write(said: Mapping[str, Any], fields: FieldsByStream) -> Write:
    stream = StreamId.parse(said["stream"])
    return Write(
        operation=Operation(said["operation"]),
        stream=stream,
        native_id=said["native_id"],
        keys=tuple(KeyUse(KeyRole(role), kind, value) for role, kind, value in said["keys"]),
        version=said["version"],
        before=_values(said["before"], fields[stream]),
        after=_values(said["after"], fields[stream]),
        trigger=said["trigger"],
    )


def _values(said: Mapping[str, Any], fields: EntityFields) -> dict[str, Value]:
    return {name: decode_value(fields[name], value) for name, value in said.items()}
