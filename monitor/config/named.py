"""The plug-ins that a landscape names, so that no others have to be loaded to read it."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, TypeVar

from monitor.config.document import Tree
from monitor.core.plugins import Plugins

Kind = TypeVar("Kind")


def named_plugins(tree: Tree, plugins: Plugins) -> Plugins:
    """The plug-ins without those that nothing names; all of them where a name is unknown.

    Whoever misspells a name is told of all that there are.
    """
    flows = list(_members(tree, "flows"))
    probes = {_name(each, "probe") for each in _members(tree, "systems")}
    channels = {_name(each, "channel") for each in _members(tree, "channels")}
    watches = {_name(each, "check") for each in _members(tree, "watches")}
    rules = {_name(each, "check") for flow in flows for each in _members(flow, "rules")}
    is_known = (
        probes <= set(plugins.probes)
        and channels <= set(plugins.channels)
        and watches <= set(plugins.watches)
        and rules <= set(plugins.rules)
    )
    if not is_known:
        return plugins
    return replace(
        plugins,
        probes=_only(plugins.probes, probes),
        channels=_only(plugins.channels, channels),
        watches=_only(plugins.watches, watches),
        rules=_only(plugins.rules, rules),
    )


def _members(tree: Any, section: str) -> Iterator[dict[str, Any]]:
    """The mappings under a section; whatever else stands there is for others to refuse."""
    members = tree.get(section) if isinstance(tree, dict) else None
    if isinstance(members, dict):
        yield from (each for each in members.values() if isinstance(each, dict))


def _name(member: dict[str, Any], key: str) -> str:
    """The plug-in's name; one that no plug-in has where there is none."""
    name = member.get(key)
    return name if isinstance(name, str) else ""


def _only(rows: Mapping[str, Kind], names: set[str]) -> dict[str, Kind]:
    return {name: rows[name] for name in sorted(names)}
