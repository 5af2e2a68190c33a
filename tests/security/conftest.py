"""Fixtures of a running web process."""

from web_support import (  # noqa: F401
    _fresh_script,
    database_url,
    dialogue,
    postgres_server,
    postgres_url,
    web,
)
