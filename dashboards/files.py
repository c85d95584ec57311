"""Every file of the kit that is written from code."""

from collections.abc import Mapping
from pathlib import PurePosixPath

from dashboards.addresses import Addresses
from dashboards.overview import render
from dashboards.rules.rule import to_prometheus
from dashboards.rules.table import GROUPS


def render_kit(addresses: Addresses) -> Mapping[PurePosixPath, str]:
    """Contents by path, relative to the folder that they are written into."""
    return {
        PurePosixPath("overview.json"): render(),
        PurePosixPath("rules/tieout.rules.yml"): to_prometheus(GROUPS, addresses),
    }
