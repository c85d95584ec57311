"""Every landscape that we ship is in order, with the plug-ins that we ship."""

import re
from pathlib import Path

import pytest

from monitor.app import load_plugins
from monitor.config import load_landscape

ROOT = Path(__file__).parents[2]
SHIPPED = sorted(
    [
        *ROOT.glob("examples/*/landscape.yaml"),
        ROOT / "monitor" / "cli" / "landscape.template.yaml",
        ROOT / "monitor" / "simulation" / "landscape.yaml",
    ]
)


def environment(text: str) -> dict[str, str]:
    """Something plausible for each variable that the landscape asks for."""
    names = re.findall(r"\$\{env:(\w+)\}", text)
    return {name: "9464" if name.endswith("PORT") else "http://localhost" for name in names}


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_a_shipped_landscape_is_in_order(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    landscape = load_landscape(path, load_plugins(), environment(text))
    assert landscape.flows
