from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text

import monitor.store.migrations
from monitor.core.errors import Permanent
from monitor.store.database import Database, open_database
from monitor.store.migrations import HEAD, REVISIONS
from monitor.store.schema import metadata
from tests.databases import PostgreSQL


# SQLite tells nothing of what an index is of that is no column; PostgreSQL does.
@pytest.mark.filterwarnings("ignore:.* expression-based index")
def test_the_migrations_lead_to_the_tables_that_the_code_uses(database: Database) -> None:
    with database.write() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_every_revision_is_known() -> None:
    (folder,) = monitor.store.migrations.__path__
    config = Config()
    config.set_main_option("script_location", folder)
    scripts = ScriptDirectory.from_config(config)
    assert [script.revision for script in scripts.walk_revisions()][::-1] == list(REVISIONS)
    assert scripts.get_current_head() == HEAD


def test_an_empty_database_is_opened_and_brought_up_to_date(
    tmp_path: Path, postgresql: PostgreSQL
) -> None:
    with postgresql.empty() as server_url:
        for url in (f"sqlite:///{tmp_path / 'new.db'}", server_url):
            with closing(open_database(url)) as database:
                database.migrate()
                database.migrate()
                with database.read() as connection:
                    tables = set(inspect(connection).get_table_names())
                    head = connection.execute(text("SELECT version_num FROM alembic_version"))
                    assert head.scalars().all() == [HEAD]
                assert tables == {*metadata.tables, "alembic_version"}


def test_a_migration_that_fails_leaves_nothing_behind(
    tmp_path: Path, postgresql: PostgreSQL
) -> None:
    with postgresql.empty() as server_url:
        for url in (f"sqlite:///{tmp_path / 'new.db'}", server_url):
            with closing(open_database(url)) as database:
                with database.write() as connection:
                    connection.execute(text("CREATE TABLE obstacle (id INTEGER)"))
                    connection.execute(text("CREATE VIEW touch AS SELECT id FROM obstacle"))
                with pytest.raises(Permanent):
                    database.migrate()
                with database.write() as connection:
                    assert inspect(connection).get_table_names() == ["obstacle"]
                    connection.execute(text("DROP VIEW touch"))
                database.migrate()
