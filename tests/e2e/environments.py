"""Virtual environments of programs that tests run, installed from lock files and kept."""

import fcntl
import hashlib
import os
import sys
from pathlib import Path

from tests.e2e.processes import Command, run


def cache_folder() -> Path:
    """Where virtual environments and dumps are kept between runs."""
    root = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = root / "tieout-e2e"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def digest_of(*parts: bytes) -> str:
    """What the parts are told apart by."""
    return hashlib.sha256(b"\x00".join(parts)).hexdigest()[:16]


def install(lock_file: Path) -> Path:
    """Folder with the programs of a lock file; installed where they are not yet."""
    home = cache_folder() / f"venv-{digest_of(lock_file.read_bytes(), sys.version.encode())}"
    done = home / "installed"
    with home.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            run([sys.executable, "-m", "venv", "--clear", home])
            pip: Command = [home / "bin/python", "-m", "pip", "install", "--quiet"]
            run([*pip, "--require-hashes", "--requirement", lock_file])
            done.touch()
    return home / "bin"
