"""Passes that let a customer back into their conversation from a mail, on whatever device they read it.

``r1.<expiry>.<tag>``: the tag signs the conversation's id and the expiry with a key of this instance, so
nothing is stored, the mail's text in the queue holds no secret, and a pass opens one conversation only. It
does what the conversation's own token does, until it expires or the conversation is erased.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from bot.privacy.keys import derive, sign, signed

#: Days a pass is good for: an answer is read within the month, an old mailbox opens nothing.
DAYS = 30
_FORM = re.compile(r"r1\.(?P<expires>\d{10})\.(?P<tag>[a-z2-7]{32})")
_PURPOSE = "conversation-pass"


class Proven(str):
    """The id of a conversation its bearer may open. Made here only: what comes from outside is a plain ``str``."""


def issue(secret: bytes, conversation_id: str, now: datetime) -> str:
    """A pass for a conversation; ``secret`` is the instance's key."""
    expires = int((now + timedelta(days=DAYS)).timestamp())
    return f"r1.{expires}.{sign(derive(secret, _PURPOSE), f'{conversation_id}:{expires}', 32)}"


def prove(secret: bytes, token: str, conversation_id: str, now: datetime) -> str:
    """``token`` itself, or proof where it is a pass for this conversation that has not expired."""
    found = _FORM.fullmatch(token)
    if found is None or int(found["expires"]) < now.timestamp():
        return token
    text = f"{conversation_id}:{found['expires']}"
    return Proven(conversation_id) if signed(derive(secret, _PURPOSE), text, found["tag"]) else token


def link(base_url: str, conversation_id: str, language: str, token: str) -> str:
    """Where the chat opens with this conversation. The pass stands behind the ``#``: no server's log sees it."""
    return f"{base_url}/widget/frame?lang={language}#return={conversation_id}+{token}"
