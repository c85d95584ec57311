"""For each writer real local systems which the contract is tested against."""

from collections.abc import Callable, Mapping

import pytest

from tests.writing.targets.rest import rest_plain, rest_versions, rest_with_etags
from tests.writing.targets.sql import postgresql_table, sqlite_table
from tests.writing.targets.target import Target
from tests.writing.targets.tryton import tryton_model

TARGETS: Mapping[str, Callable[[pytest.FixtureRequest], Target]] = {
    "rest-etags": rest_with_etags,
    "rest-plain": rest_plain,
    "rest-versions": rest_versions,
    "sqlite": sqlite_table,
    "postgresql": postgresql_table,
    "tryton": tryton_model,
}
"""Opens an empty target by name."""
