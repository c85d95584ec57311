"""The firm can be served by itself, and its page of instructions is complete."""

import signal
import subprocess
import sys
import urllib.parse
from http.client import HTTPConnection
from pathlib import Path

import pytest

from monitor.simulation import FaultKind, Trouble

README = Path(__file__).parents[2] / "examples" / "simulated-firm" / "README.md"


def test_the_firm_serves_alone_until_it_is_told_to_end() -> None:
    command = [sys.executable, "-m", "monitor.simulation", "--deals", "5", "--faults", "1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        lines = iter(process.stdout.readline, "")
        variables: dict[str, str] = {}
        for line in lines:
            if line.startswith("# control panel: "):
                break
            name, _, value = line.removeprefix("export ").strip().partition("=")
            variables[name] = value
        panel = urllib.parse.urlsplit(line.removeprefix("# control panel: ").strip())
        connection = HTTPConnection(panel.netloc, timeout=5)
        connection.request("GET", "/")
        status = connection.getresponse().status
        connection.close()
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=10) == 0
    assert status == 200
    assert variables["SIM_CRM_URL"].startswith("http://127.0.0.1:")
    assert "SIM_PSA_CLIENT_SECRET" in variables


@pytest.mark.parametrize("word", [*FaultKind, *Trouble])
def test_the_instructions_name_every_fault_and_trouble(word: str) -> None:
    assert f"`{word}`" in README.read_text()
