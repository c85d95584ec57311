"""Compose: a landscape to start from, out of the ready definitions that a firm names."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from io import StringIO
from typing import Any, Final

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap

from monitor.config import Landscape
from monitor.core.entities import ENTITIES, MOMENTS
from monitor.core.model import FieldType
from monitor.core.streams import KeyMapping
from probes.definitions.definition import Definition
from probes.engine.keys import as_key_mapping

DEAL: Final = "deal"
"""The key kind of which there is one a deal."""
UNKNOWN: Final = "your_deal_field"
"""Stands where only the firm knows in which field a system holds the number of a deal."""
_ASK: Final = "name the field of yours that holds the CRM's id of the deal"
_PERHAPS: Final = "if that is where you keep the CRM's id of the deal"
_ONE_CURRENCY: Final = "or the field that says it, where there are several"


class Part(StrEnum):
    """What a system does for the firm."""

    CRM = "crm"
    CPQ = "cpq"
    CONTRACTS = "contracts"
    PSA = "psa"
    ERP = "erp"
    BUS = "bus"


_ENTITIES: Final[Mapping[Part, Sequence[str]]] = {
    Part.CRM: ("customer", "opportunity"),
    Part.CPQ: ("quote",),
    Part.CONTRACTS: ("contract",),
    Part.PSA: ("project", "assignment", "milestone", "timecard", "billing_schedule"),
    Part.ERP: ("customer", "contract", "project", "billing_schedule", "invoice"),
    Part.BUS: ("message",),
}
"""What is watched in each; the CRM stands in for CPQ and contracts where there are none."""

_OWNERS: Final[Mapping[Part, str]] = {
    Part.CRM: "sales",
    Part.CPQ: "sales",
    Part.CONTRACTS: "legal",
    Part.PSA: "delivery",
    Part.ERP: "finance",
    Part.BUS: "integration",
}
_SECRETS: Final[Mapping[str, Sequence[str]]] = {
    "basic": ("username", "password"),
    "bearer": ("token",),
    "api_key": ("key",),
    "oauth2_client_credentials": ("client_id", "client_secret"),
    "oauth2_jwt": ("client_id", "key_id", "private_key"),
    "oauth2_refresh": ("client_id", "client_secret", "refresh_token_file"),
}
"""By kind of log-in, what a definition leaves to the firm."""
_STEPS: Final[Mapping[str, str]] = {
    "quote": "5d", "contract": "14d", "project": "2d", "invoice": "45d"
}  # fmt: skip
"""What a deal must come to, and a first guess at the time that it may take."""


@dataclass(frozen=True, slots=True)
class _Stream:
    """A ready stream of a chosen system.

    Attributes:
        part: whose.
        name: of the stream.
        ready: its settings in the definition.
        renamed: kinds of keys that are called otherwise here.
        lacks_deal: it does not say of which deal a row is, and no other key does.
    """

    part: Part
    name: str
    ready: Mapping[str, Any]
    renamed: Mapping[str, str]
    lacks_deal: bool = False

    @property
    def defines(self) -> Mapping[str, Any]:
        return self.by_kind("defines")

    @property
    def refers(self) -> Mapping[str, Any]:
        own = self.by_kind("refers")
        return {**own, DEAL: UNKNOWN} if self.lacks_deal else own

    def by_kind(self, role: str) -> Mapping[str, Any]:
        """What it says of keys in one role, by the kinds as they are called here."""
        said = self.ready.get(role, {})
        return {self.renamed.get(kind, kind): each for kind, each in said.items()}

    @property
    def path(self) -> str:
        return f"{self.part}.{self.name}"

    @property
    def entity(self) -> str:
        return str(self.ready["entity"])

    @property
    def mapped(self) -> Mapping[str, Any]:
        mapped: Mapping[str, Any] = self.ready.get("map", {})
        return mapped

    @property
    def moment(self) -> str | None:
        """The instant that places it on a deal's way, if it has one."""
        for field in (MOMENTS.get(self.entity, "created_at"), "created_at"):
            if field in self.mapped and ENTITIES[self.entity][field] is FieldType.INSTANT:
                return field
        return None

    def can_be(self, status: str) -> bool:
        """Whether its statuses are known to be told in this word."""
        return _can_be(self.ready, status)


def _can_be(ready: Mapping[str, Any], status: str) -> bool:
    said = ready.get("map", {}).get("status")
    return isinstance(said, Mapping) and status in said.get("values", {}).values()


def compose(chosen: Mapping[Part, tuple[str, Definition]], currency: str) -> str:
    """The YAML of a landscape over the chosen systems, the CRM among them.

    Args:
        chosen: by part, the definition's name and itself.
        currency: of the firm; stands in where a system's rows name none.

    Raises:
        ValueError: a system has nothing to watch in its part, or there is no CRM.
    """
    served = _served(chosen)
    streams = list(_streams_of(served, chosen))
    _require_streams(served, chosen, streams)
    streams, through = _link(streams)
    tree = CommentedMap(
        version=1,
        firm={"name": "Your firm", "currency": currency},
        store={"url": "sqlite:///tieout.db"},
        owners={_OWNERS[part]: {} for part in served},
        systems=CommentedMap(
            (str(part), _system(part, *chosen[part], streams, currency)) for part in served
        ),
        flows={"sales-to-cash": _flow(streams, through)},
        watches={"drift": {"check": "schema_drift"}, "quiet": {"check": "silent_source"}},
    )
    written = StringIO()
    yaml = YAML()
    yaml.width = 100
    yaml.dump(tree, written)
    return _HEAD + written.getvalue()


_HEAD: Final = f"""# yaml-language-server: $schema=landscape.schema.json
#
# Written by `tieout init`. Addresses and credentials come from the environment, or from files by
# ${{file:path}}. What only your firm knows is called '{UNKNOWN}', or stands in a comment; how long
# each hand-off may take is yours to say. Next: tieout check, then tieout check --sample.
"""


def _served(chosen: Mapping[Part, tuple[str, Definition]]) -> dict[Part, list[Part]]:
    """The systems, each by its first part, and all parts that it takes."""
    first: dict[str, Part] = {}
    for part, (name, _) in chosen.items():
        first.setdefault(name, part)
    return {
        host: [part for part, (name, _) in chosen.items() if first[name] is host]
        for host in first.values()
    }


def _streams_of(
    served: Mapping[Part, Sequence[Part]], chosen: Mapping[Part, tuple[str, Definition]]
) -> Iterator[_Stream]:
    defined: set[str] = set()
    for host, parts in served.items():
        entities = {entity for part in parts for entity in _ENTITIES[part]}
        if Part.CRM in parts:
            stand_ins = {Part.CPQ, Part.CONTRACTS} - chosen.keys()
            entities |= {entity for each in stand_ins for entity in _ENTITIES[each]}
        ready = chosen[host][1].streams
        watched = {
            name: each
            for name, each in ready.items()
            if each["entity"] in entities and (each["entity"] != "message" or _can_be(each, "dead"))
        }
        own = {kind for each in watched.values() for kind in each.get("defines", {})}
        # Two systems that number alike must not be taken for one another.
        renamed = {kind: f"{host}_{kind}" for kind in own & defined}
        defined |= {renamed.get(kind, kind) for kind in own} | {DEAL}
        yield from (_Stream(host, name, each, renamed) for name, each in watched.items())


def _require_streams(
    served: Mapping[Part, Sequence[Part]],
    chosen: Mapping[Part, tuple[str, Definition]],
    streams: Sequence[_Stream],
) -> None:
    for host, parts in served.items():
        there = {each.entity for each in streams if each.part is host}
        for part in parts:
            if there.isdisjoint(_ENTITIES[part]):
                wanted = " or ".join(_ENTITIES[part])
                raise ValueError(f"{chosen[host][0]} has no ready stream of {wanted}")
    if not any(DEAL in each.defines for each in streams):
        raise ValueError("a deal begins in a CRM: --crm with a definition that has opportunities")


def _link(streams: Sequence[_Stream]) -> tuple[list[_Stream], list[str]]:
    """The streams, each led to its deal, and the key kinds by which that is done.

    The first that is led nowhere has to name the deal itself; others may then be found by it.
    """
    streams = list(streams)
    while True:
        through = _ways(streams)
        lost = [each for each in streams if not _is_linked(each, through)]
        if not lost:
            return streams, through
        streams[streams.index(lost[0])] = replace(lost[0], lacks_deal=True)


def _ways(streams: Sequence[_Stream]) -> list[str]:
    """Key kinds by which records that do not name their deal are found to be of it."""
    through: list[str] = []
    while True:
        known = [each for each in streams if _is_linked(each, through)]
        kinds = {kind for each in known if each.entity != "customer" for kind in each.defines}
        lost = [each for each in streams if each not in known]
        found = sorted({kind for each in lost for kind in each.refers if kind in kinds})
        if not found:
            return through
        through += found


def _is_linked(stream: _Stream, through: Sequence[str]) -> bool:
    kinds = {*stream.defines, *stream.refers}
    return stream.entity == "customer" or not kinds.isdisjoint({DEAL, *through})


def _system(
    part: Part, name: str, definition: Definition, streams: Sequence[_Stream], currency: str
) -> CommentedMap:
    system = CommentedMap(use=name, owner=_OWNERS[part])
    if "base_url" not in definition.system:
        system["base_url"] = _reference(part, "url")
    if definition.needs:
        system["values"] = CommentedMap((each, _reference(part, each)) for each in definition.needs)
        for each, what in definition.needs.items():
            system["values"].yaml_add_eol_comment(what, each)
    auth = definition.system.get("auth", {})
    if secrets := _SECRETS.get(str(auth.get("kind")), ()):
        is_bare = auth.get("states") != "client"
        given = [each for each in secrets if not (each == "key_id" and is_bare)]
        system["auth"] = {each: _reference(part, each) for each in given}
    spelled = next(each for each in streams if DEAL in each.defines).defines[DEAL]
    system["streams"] = CommentedMap(
        (each.name, _stream(each, spelled, currency)) for each in streams if each.part is part
    )
    return system


def _reference(part: Part, what: str) -> str:
    return f"${{env:{part}_{what}}}".upper().replace("${ENV:", "${env:")


def _stream(stream: _Stream, spelled: Any, currency: str) -> CommentedMap:
    """What the landscape says of a ready stream beside its definition."""
    said = CommentedMap()
    if "amount" in stream.mapped and "currency" not in stream.mapped:
        said["map"] = CommentedMap(currency={"constant": currency})
        said["map"].yaml_add_eol_comment(_ONE_CURRENCY, "currency")
    for role in ("defines", "refers", "lookup"):
        before = stream.ready.get(role, {})
        after = stream.refers if role == "refers" else stream.by_kind(role)
        changed = CommentedMap(dict.fromkeys(sorted(before.keys() - after.keys())))
        changed |= {kind: each for kind, each in after.items() if kind not in before}
        if role == "refers" and DEAL in after:
            normalise = _key(spelled).normalise
            if stream.part is Part.ERP or _key(after[DEAL]).normalise != normalise:
                changed[DEAL] = {**_in_full(after[DEAL]), "normalise": list(normalise)}
            if stream.lacks_deal:
                changed.yaml_add_eol_comment(_ASK, DEAL)
            elif stream.part is Part.ERP:
                changed.yaml_add_eol_comment(_PERHAPS, DEAL)
        if changed:
            said[role] = changed
    return said


def _key(path: Any) -> KeyMapping:
    return KeyMapping.model_validate(_in_full(path))


def _in_full(path: Any) -> Mapping[str, Any]:
    return path if isinstance(path, Mapping) else {"from": path}


def unfinished(landscape: Landscape) -> list[str]:
    """Where a landscape still names no field for the deal, as `system.stream`."""
    return [
        f"{system}.{name}"
        for system, settings in landscape.systems.items()
        for name, stream in settings.streams.items()
        if DEAL in stream.refers and as_key_mapping(stream.refers[DEAL]).source == UNKNOWN
    ]


def _flow(streams: Sequence[_Stream], through: Sequence[str]) -> dict[str, Any]:
    root = next(each for each in streams if DEAL in each.defines)
    flow: dict[str, Any] = {"root": root.path, "key": DEAL}
    if through:
        flow["through"] = list(through)
    if "amount" in root.mapped:
        flow["value"] = {"stream": root.path}
    if hand_offs := dict(_hand_offs(root, streams)):
        flow["hand_offs"] = hand_offs
    flow["rules"] = dict(_rules(root, streams))
    return flow


def _hand_offs(root: _Stream, streams: Sequence[_Stream]) -> Iterator[tuple[str, Any]]:
    """From what is surely a step that was taken, to the next that there is."""
    before, seen = root, {(root.part, root.entity)}
    for each in streams:
        step = (each.part, each.entity)
        if each.entity not in _STEPS or step in seen or None in (each.moment, before.moment):
            continue
        seen.add(step)
        hand_off: dict[str, Any] = {"from": before.path, "to": each.path}
        if before is root and root.can_be("won"):
            hand_off["when"] = {"status": "won"}
        hand_off["start"] = before.moment
        if each.can_be("accepted"):
            hand_off["that"] = {"status": "accepted"}
        hand_off |= {"arrival": each.moment, "within": _STEPS[each.entity]}
        yield f"{_slug(before)}-to-{_slug(each)}", hand_off
        # A quote or contract that was merely created owes nothing yet.
        if each.moment == MOMENTS.get(each.entity, "created_at"):
            before = each


def _slug(stream: _Stream) -> str:
    return f"{stream.part}-{stream.name}".replace("_", "-")


def _rules(root: _Stream, streams: Sequence[_Stream]) -> Iterator[tuple[str, Any]]:
    for each in streams:
        name = _slug(each)
        is_whole = each.entity in ("quote", "contract", "project")
        if is_whole and {"amount"} <= root.mapped.keys() & each.mapped.keys():
            rule: dict[str, Any] = {"check": "mismatch", "left": root.path, "right": each.path}
            if each.can_be("accepted"):
                rule["where"] = {"right": {"status": "accepted"}}
            yield f"{name}-amount", {**rule, "fields": {"amount": {"tolerance": "0.01"}}}
        if each.entity in ("project", "invoice"):
            yield f"{name}-without-deal", {"check": "orphan", "stream": each.path}
        if each.entity == "project" and DEAL in each.refers:
            yield f"{name}-twice", {"check": "duplicate", "stream": each.path, "key": DEAL}
        if each.entity == "message" and "status" in each.mapped:
            yield f"{name}-failed", {"check": "dead_letter", "stream": each.path}
