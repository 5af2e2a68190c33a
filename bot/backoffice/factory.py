"""Which back office the settings ask for."""

from __future__ import annotations

from bot.backoffice.codes import CodeRules
from bot.backoffice.demo import DemoBackoffice
from bot.backoffice.http import HttpBackoffice
from bot.backoffice.port import Backoffice
from bot.backoffice.prices import load_prices
from bot.integrations.mail import make_mailer
from bot.settings import Settings


def make_backoffice(settings: Settings) -> Backoffice:
    """A real system behind ``backoffice_url``, else the embedded demo one in the home."""
    if settings.backoffice_url:
        token = settings.backoffice_token
        return HttpBackoffice(settings.backoffice_url, token.get_secret_value() if token else "",
                              settings.backoffice_timeout)
    return DemoBackoffice(
        settings.home_path, make_mailer(settings), load_prices(settings.data),
        CodeRules(settings.code_ttl, settings.code_attempts, settings.codes_per_hour), settings.timezone,
    )
