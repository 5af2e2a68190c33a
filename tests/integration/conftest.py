"""Fixtures of a running web process."""

from ticket_support import database, hours  # noqa: F401
from web_support import (  # noqa: F401
    _fresh_script,
    database_url,
    dialogue,
    people,
    postgres_server,
    postgres_url,
    web,
)
