"""Every setting of Relais: one declaration with type, default, unit and help.

Read from environment variables ``RELAIS_<NAME>`` and, below them, from the file named by
``RELAIS_ENV_FILE`` (default ``.env`` in the working directory, optional). ``docs/settings.md`` is
generated from this module and compared with it by a test.
"""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path
from typing import Literal

from pydantic import BaseSettings, Field, SecretStr

ROOT = Path(__file__).resolve().parent.parent
LOCALES: tuple[str, ...] = ("fr", "en", "nl", "es", "de", "it")
Locale = Literal["fr", "en", "nl", "es", "de", "it"]


class Settings(BaseSettings):
    """Typed settings; unknown ``RELAIS_*`` variables are reported by ``relais doctor``."""

    # -- where things are
    home: Path = Field(Path(".relais"), description="Folder that holds all a running instance writes.")
    data: Path = Field(ROOT / "data", description="Folder of the assistant's content: articles, intents, wording.")
    database_url: str = Field("", description="SQLAlchemy URL; empty means SQLite in the home folder.")
    redis_url: str = Field("", description="Redis URL for wake-ups between processes; empty means in process.")
    # -- web
    host: str = Field("127.0.0.1", description="Address the public web server listens on.")
    port: int = Field(8080, ge=1, le=65535, description="Port of the public web server; PORT overrides it.")
    public_url: str = Field("", description="Address customers use, for links in mails; empty means http://host:port.")
    allowed_origins: str = Field("*", description="Origins (comma separated) whose pages may embed the widget.")
    demo: bool = Field(True, description="Demo instance: supplier site, invented customers, page that shows mails.")
    demo_password: SecretStr | None = Field(None, description="Password of the demo accounts; else one is generated and printed.")
    secret_key: SecretStr | None = Field(None, description="Key for signed cookies; else one is generated in the home.")
    max_message_chars: int = Field(4000, description="Longest customer message, in characters; longer ones are refused with a clear sentence.")
    max_body_bytes: int = Field(64_000, description="Largest JSON request body, in bytes.")
    messages_per_minute: int = Field(40, description="Customer messages a conversation may send in a minute.")
    conversations_per_minute: int = Field(600, description="Conversations one address may open in a minute.")
    # -- dialogue
    dialogue_urls: str = Field("", description="Addresses (comma separated) of dialogue processes; empty means `serve` starts one.")
    dialogue_port: int = Field(0, description="Loopback port of the dialogue process; 0 picks a free one.")
    dialogue_secret: SecretStr | None = Field(None, description="Shared secret between web and dialogue; else generated at start.")
    turn_timeout: float = Field(4.0, gt=0, description="Seconds the web process waits for a turn before it answers by itself.")
    encoder: str = Field("", description="Sentence encoder: a local folder or a hub name; empty means the one shipped.")
    max_wrong: float = Field(0.05, ge=0, le=0.5, description="Largest share of wrong answers among answers given (the dial's first setting).")
    # -- back office and mail
    backoffice_url: str = Field("", description="Base URL of the supplier's back office; empty means the embedded demo one.")
    backoffice_token: SecretStr | None = Field(None, description="Bearer token for the back office.")
    backoffice_timeout: float = Field(2.5, gt=0, description="Seconds to wait for the back office.")
    smtp_host: str = Field("", description="SMTP server; empty means mails are written to the home.")
    smtp_port: int = Field(587, description="Port of the SMTP server.")
    smtp_user: str = Field("", description="User of the SMTP server.")
    smtp_password: SecretStr | None = Field(None, description="Password of the SMTP server.")
    smtp_starttls: bool = Field(True, description="Upgrade the SMTP connection to TLS.")
    mail_from: str = Field("Solenne Énergie <bonjour@solenne-energie.example>", description="Sender of mails.")
    code_ttl: int = Field(600, description="Seconds a six-digit code is valid.")
    code_attempts: int = Field(5, description="Tries a six-digit code allows.")
    codes_per_hour: int = Field(5, description="Codes one contract or conversation may ask for in an hour.")
    # -- people
    timezone: str = Field("Europe/Paris", description="Time zone of opening hours and reports.")
    opening_hours: str = Field("mon-fri 08:00-20:00; sat 09:00-18:00", description="When people answer chats.")
    holidays_country: str = Field("FR", description="Country whose public holidays close the desk; empty for none.")
    session_hours: int = Field(12, description="Hours a staff session lasts.")
    # -- keeping and removing
    retention_days: int = Field(365, description="Days after which a closed conversation is erased.")
    idle_minutes: int = Field(30, description="Minutes without a message after which a bot conversation is closed.")
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="Least severe log line written.")

    class Config:
        env_prefix = "RELAIS_"
        env_file = os.environ.get("RELAIS_ENV_FILE", ".env")
        env_file_encoding = "utf-8"

    @property
    def sqlalchemy_url(self) -> str:
        """The database URL in force."""
        return self.database_url or f"sqlite:///{self.home_path / 'relais.db'}"

    @property
    def home_path(self) -> Path:
        """Absolute home folder (not created here)."""
        return self.home.expanduser().resolve()

    @property
    def base_url(self) -> str:
        """Address customers use, without a trailing slash."""
        return (self.public_url or f"http://{self.host}:{self.port}").rstrip("/")


@lru_cache(maxsize=1)
def get_settings() -> Settings:
    """The settings of this process; tests call ``get_settings.cache_clear()`` after changing the environment."""
    settings = Settings.parse_obj({})
    port = os.environ.get("PORT")
    return settings.copy(update={"port": int(port)}) if port and port.isdigit() else settings
