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

from pydantic import BaseSettings, Field, SecretStr, ValidationError, validator
from pydantic.env_settings import EnvSettingsSource, SettingsSourceCallable

from bot import env_file
from bot.errors import ConfigurationError

ROOT = Path(__file__).resolve().parent.parent
LOCALES: tuple[str, ...] = ("fr", "en", "nl", "es", "de", "it")
Locale = Literal["fr", "en", "nl", "es", "de", "it"]
#: Characters of the shortest key an instance may be given.
SHORTEST_KEY = 16


class Settings(BaseSettings):
    """Typed settings; unknown ``RELAIS_*`` variables are reported by ``relais doctor``."""

    # -- where things are
    home: Path = Field(Path(".relais"), description="Folder that holds all a running instance writes.")
    data: Path = Field(ROOT / "data", description="Folder of the assistant's content: articles, intents, wording.")
    database_url: str = Field("", description="SQLAlchemy URL; empty means SQLite in the home folder.")
    redis_url: str = Field("", description="Redis URL for wake-ups and rate limits shared between processes; empty means in process.")
    redis_prefix: str = Field("relais", min_length=1, max_length=40, description="First part of every Redis key; another one for each instance on a shared Redis.")
    # -- processes of `relais serve`
    web_processes: int = Field(1, ge=1, le=64, description="Web processes `relais serve` starts; they share the port.")
    dialogue_processes: int = Field(1, ge=1, le=64, description="Dialogue processes `relais serve` starts (about 1 GB of memory each).")
    worker_processes: int = Field(1, ge=1, le=16, description="Worker processes `relais serve` starts.")
    # -- web
    host: str = Field("127.0.0.1", description="Address the public web server listens on.")
    port: int = Field(8080, ge=1, le=65535, description="Port of the public web server; PORT overrides it.")
    public_url: str = Field("", description="Address customers use, for links in mails; empty means http://host:port.")
    allowed_origins: str = Field("*", description="Origins (comma separated) whose pages may embed the widget.")
    demo: bool = Field(True, description="Demo instance: supplier site, invented customers, page that shows mails.")
    demo_password: SecretStr | None = Field(None, description="Password of the demo accounts; else one is generated and printed.")
    identity_secret: SecretStr | None = Field(None, description="Secret shared with the host's server, which signs with it who its customers are (HS256); empty means nobody can be identified.")
    push_hosts: str = Field("fcm.googleapis.com, push.services.mozilla.com, notify.windows.com, push.apple.com", description="Push services (comma separated domains) that notifications may be posted to.")
    secret_key: SecretStr | None = Field(None, description="Key that signs what customers and other systems bring back and seals stored secrets, 16 characters or more; left empty, one is generated in the home.")
    max_message_chars: int = Field(4000, description="Longest customer message, in characters; longer ones are refused with a clear sentence.")
    max_body_bytes: int = Field(64_000, description="Largest JSON request body, in bytes.")
    messages_per_minute: int = Field(40, description="Customer messages a conversation may send in a minute.")
    attachment_max_bytes: int = Field(10_000_000, ge=1000, description="Largest file a customer or an agent may send, in bytes.")
    attachments_per_conversation: int = Field(30, ge=0, description="Files each side may put into one conversation; 0 turns files off.")
    attachments_per_minute: int = Field(6, ge=1, description="Files one conversation may send in a minute.")
    virus_scanner: str = Field("", description="Virus scanner that looks into every file, as clamd://host:3310; empty means none.")
    conversations_per_minute: int = Field(600, description="Conversations one address may open in a minute.")
    # -- dialogue
    dialogue_urls: str = Field("", description="Addresses (comma separated) of dialogue processes; empty means `serve` starts one.")
    dialogue_host: str = Field("127.0.0.1", description="Address a dialogue process listens on; only web processes may reach it.")
    dialogue_port: int = Field(0, ge=0, le=65535, description="Port of the first dialogue process, the next ones follow; 0 picks free ones.")
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
    mail_inbound_address: str = Field("", description="Address customers answer to, e.g. aide@example.org; empty means mails invite no answer.")
    mail_inbound_secret: SecretStr | None = Field(None, description="Secret that signs POST /api/v1/inbound/mail; empty means no mail by webhook.")
    mail_max_bytes: int = Field(25_000_000, ge=10_000, description="Largest incoming mail, in bytes; larger ones are refused.")
    mail_per_sender: int = Field(20, ge=1, description="Incoming mails of one sender that are read in an hour.")
    mail_per_ticket: int = Field(40, ge=1, description="Incoming mails about one ticket that are read in an hour.")
    mail_authserv: str = Field("", description="Name your mail server writes in Authentication-Results; mails it marks as forged then join no ticket.")
    imap_host: str = Field("", description="IMAP server to fetch mails from; empty means none.")
    imap_port: int = Field(993, description="Port of the IMAP server.")
    imap_user: str = Field("", description="User of the IMAP server.")
    imap_password: SecretStr | None = Field(None, description="Password of the IMAP server.")
    imap_tls: bool = Field(True, description="Speak TLS with the IMAP server from the first byte.")
    imap_folder: str = Field("INBOX", description="IMAP folder that mails arrive in.")
    imap_seconds: float = Field(30.0, gt=0, description="Seconds between two looks into the IMAP folder.")
    code_ttl: int = Field(600, description="Seconds a six-digit code is valid.")
    code_attempts: int = Field(5, description="Tries a six-digit code allows.")
    codes_per_hour: int = Field(5, description="Codes one contract or conversation may ask for in an hour.")
    translator_url: str = Field("", description="LibreTranslate-like server for languages nobody speaks; empty means none.")
    translator_key: SecretStr | None = Field(None, description="API key of the translation server.")
    # -- people
    timezone: str = Field("Europe/Paris", description="Time zone of opening hours and reports.")
    opening_hours: str = Field("mon-fri 08:00-20:00; sat 09:00-18:00", description="When people answer chats.")
    holidays_country: str = Field("FR", description="Country whose public holidays close the desk; empty for none.")
    session_hours: int = Field(12, description="Hours a staff session lasts.")
    # -- call-backs
    callback_minutes: int = Field(30, ge=5, le=240, description="Minutes of a call-back slot.")
    callback_capacity: int = Field(2, ge=0, description="Call-backs a slot holds; 0 offers no slots.")
    callback_days: int = Field(5, ge=1, le=30, description="Days ahead that slots are offered for.")
    callback_lead: int = Field(30, ge=0, description="Minutes between now and the first slot offered.")
    callback_remind: int = Field(10, ge=0, description="Minutes before a call-back at which its ticket reminds the agents.")
    # -- other systems
    webhook_private: bool = Field(False, description="Let webhooks go to loopback and private addresses (for tests and closed networks).")
    webhook_days: float = Field(5.0, gt=0, description="Days of failure after which a webhook endpoint is switched off.")
    connectors_file: Path = Field(ROOT / "data" / "connectors.yml", description="Which field of a ticket is which field of the other system.")
    connector_seconds: float = Field(120.0, gt=0, description="Seconds between two looks at another system for changes its webhooks did not bring.")
    zammad_url: str = Field("", description="Base URL of a Zammad to keep tickets in step with; empty for none.")
    zammad_token: SecretStr | None = Field(None, description="Access token of Zammad (permission ticket.agent).")
    zammad_webhook_secret: SecretStr | None = Field(None, description="HMAC token of Zammad's webhook to /api/v1/connectors/zammad.")
    zendesk_url: str = Field("", description="Base URL of a Zendesk to keep tickets in step with; empty for none.")
    zendesk_user: str = Field("", description="E-mail address of the Zendesk account that the token belongs to.")
    zendesk_token: SecretStr | None = Field(None, description="API token of Zendesk.")
    zendesk_webhook_secret: SecretStr | None = Field(None, description="Signing secret of Zendesk's webhook to /api/v1/connectors/zendesk.")
    jira_url: str = Field("", description="Base URL of a Jira that issues are handed to; empty for none.")
    jira_user: str = Field("", description="E-mail address of the Jira account that the token belongs to; empty for a personal access token.")
    jira_token: SecretStr | None = Field(None, description="API token of Jira.")
    jira_webhook_secret: SecretStr | None = Field(None, description="Secret of Jira's webhook to /api/v1/connectors/jira.")
    # -- keeping and removing
    retention_days: int = Field(365, description="Days after which a closed conversation is erased.")
    idle_minutes: int = Field(30, description="Minutes without a message after which a bot conversation is closed.")
    test_mode: bool = Field(False, description="Test instance: faults may be ordered. Never on a real one.")
    failpoints: str = Field("", description="Faults to order, place=action[:value][@N];…, or `file` to read them from the home; needs test mode.")
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="Least severe log line written.")

    @validator("secret_key")
    def _no_weak_key(cls, given: SecretStr | None) -> SecretStr | None:
        """A line left empty in an env file is as good as none; a key that can be guessed is none at all."""
        text = given.get_secret_value() if given else ""
        if not text.strip():
            return None
        if len(text) < SHORTEST_KEY:
            raise ValueError("too short: make one with `openssl rand -hex 32`, or leave it out")
        return given

    class Config:
        env_prefix = "RELAIS_"
        env_file = os.environ.get("RELAIS_ENV_FILE", ".env")

        @classmethod
        def customise_sources(
            cls, init_settings: SettingsSourceCallable, env_settings: EnvSettingsSource, file_secret_settings: SettingsSourceCallable,
        ) -> tuple[SettingsSourceCallable, ...]:
            """The file is read by ourselves: pydantic would need another package for it."""
            named, env_settings.env_file = env_settings.env_file, None

            def from_file(made: BaseSettings) -> dict[str, str]:
                lines = env_file.read(Path(str(named))) if named else ()
                given = {name.lower().removeprefix("relais_"): value for _, name, value in lines if name.lower().startswith("relais_")}
                return {name: value for name, value in given.items() if name in made.__fields__}

            return init_settings, env_settings, from_file

    @property
    def sqlalchemy_url(self) -> str:
        """The database URL in force."""
        return self.database_url or f"sqlite:///{self.home_path / 'relais.db'}"

    @property
    def home_path(self) -> Path:
        """Absolute home folder (not created here)."""
        return self.home.expanduser().resolve()

    @property
    def spool(self) -> Path:
        """Where mails are written while no SMTP server is set."""
        return self.home_path / "mail"

    @property
    def base_url(self) -> str:
        """Address customers use, without a trailing slash."""
        return (self.public_url or f"http://{self.host}:{self.port}").rstrip("/")


@lru_cache(maxsize=1)
def get_settings() -> Settings:
    """The settings of this process; tests call ``get_settings.cache_clear()`` after changing the environment.

    Raises ConfigurationError with the first variable that holds what it cannot.
    """
    port = os.environ.get("PORT", "")
    given = {"port": port} if port.isdigit() else {}
    try:
        return Settings.parse_obj(given)
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0])
        variable = "PORT" if name in given else f"RELAIS_{name.upper()}"
        raise ConfigurationError(f"{variable}: {first['msg']}. docs/settings.md lists every setting.") from None
