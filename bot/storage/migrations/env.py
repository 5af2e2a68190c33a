"""Alembic's entry: runs on the connection passed in, or opens the database of the settings."""

from __future__ import annotations

from alembic import context

from bot.storage.schema import metadata


def _run(connection: object) -> None:
    context.configure(connection=connection, target_metadata=metadata, render_as_batch=True)
    with context.begin_transaction():
        context.run_migrations()


given = context.config.attributes.get("connection")
if given is not None:
    _run(given)
else:
    from bot.settings import get_settings
    from bot.storage.database import Database

    url = context.config.get_main_option("sqlalchemy.url") or get_settings().sqlalchemy_url
    database = Database(url)
    try:
        with database.write() as opened:
            _run(opened)
    finally:
        database.close()
