"""A firm that stands still, looked at once, and commands run in this process."""

import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
import structlog

from monitor.cli.main import main
from tests.daemon.firms import Scene, scene


@dataclass(frozen=True)
class Ran:
    """What a command left behind."""

    status: int
    out: str
    err: str


Run = Callable[..., Ran]


@pytest.fixture
def tieout(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """Runs a command as the entry point does; `variables` are set for it alone."""
    handlers = logging.getLogger().handlers[:]

    def run(*words: object, variables: Mapping[str, str] | None = None) -> Ran:
        capsys.readouterr()
        with monkeypatch.context() as patch:
            patch.setattr("sys.argv", ["tieout", *(str(word) for word in words)])
            patch.delenv("COLUMNS", raising=False)
            for name, value in (variables or {}).items():
                patch.setenv(name, value)
            with pytest.raises(SystemExit) as ended:
                main()
        said = capsys.readouterr()
        return Ran(int(ended.value.code or 0), said.out, said.err)

    yield run
    structlog.reset_defaults()
    logging.getLogger().handlers[:] = handlers


@pytest.fixture(scope="session")
def firm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """Nobody steers this firm: several tests look at it."""
    with scene(tmp_path_factory.mktemp("cli")) as opened:
        yield opened


@pytest.fixture
def looked_at(firm: Scene, tieout: Run) -> Path:
    """The landscape of a firm that was looked at."""
    if not (firm.folder / "tieout.db").exists():
        assert tieout("once", firm.landscape, variables=firm.environment()).status == 1
    return firm.landscape
