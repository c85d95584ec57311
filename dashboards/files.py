"""Every file of the kit that is written from code."""

import json
from collections.abc import Mapping
from pathlib import PurePosixPath

from dashboards.addresses import Addresses
from dashboards.grafana import to_grafana
from dashboards.pages import DASHBOARDS
from dashboards.rules.rule import to_prometheus
from dashboards.rules.table import GROUPS


def render_kit(addresses: Addresses) -> Mapping[PurePosixPath, str]:
    """Contents by path, relative to the folder that they are written into."""
    boards = {
        PurePosixPath(f"{board.uid.removeprefix('tieout-').replace('-', '_')}.json"): (
            json.dumps(to_grafana(board, addresses.page), indent=2) + "\n"
        )
        for board in DASHBOARDS
    }
    return {**boards, PurePosixPath("rules/tieout.rules.yml"): to_prometheus(GROUPS, addresses)}
