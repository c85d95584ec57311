"""A folder with one CSV file."""

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.probes.sources.source import Row


class FileSource:
    """Holds what was written last."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "projects.csv"
        self.settings: dict[str, Any] = {
            "probe": "files",
            "streams": {
                "project": {
                    "path": str(folder),
                    "entity": "project",
                    "id": "id",
                    "map": {"name": "name"},
                    "refers": {"deal": "deal"},
                    "cursor": {"field": "modified"},
                    "deletes": {"kind": "sweep"},
                }
            },
        }
        self.write([])

    def write(self, rows: Sequence[Row]) -> None:
        with self._path.open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["id", "deal", "name", "modified"])
            writer.writerows([row.id, row.deal, row.name, row.modified_at] for row in rows)

    def spoil(self) -> None:
        with self._path.open("a") as file:
            file.write("99,too few\n")

    def fail(self) -> None:
        self._path.unlink()

    def close(self) -> None:
        """Nothing is held open."""
