"""What passes between the web process and a dialogue process: JSON in, JSON out, nothing kept.

Pydantic models, version-tagged. The web process stores ``TurnResponse.state`` untouched and sends
it back with the next message; only the dialogue process reads inside it.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, Field

ReplyKind = Literal["answer", "options", "flow", "handover", "smalltalk", "nonanswer"]


class Choice(BaseModel):
    """A button. ``id`` is what the widget posts back as ``choice``."""

    id: str
    label: str


class ArticleRef(BaseModel):
    """An article shown or offered."""

    id: str
    title: str
    locale: str
    probability: float = Field(ge=0, le=1)
    body: str | None = None       # Markdown, only where the article is the answer


class Picture(BaseModel):
    """A small chart as data; the widget draws it. ``alt`` says the same in words."""

    kind: Literal["bars"] = "bars"
    alt: str
    title: str = ""
    unit: str = ""
    bars: list[dict[str, Any]] = Field(default_factory=list)    # {"label", "value", "previous"?}


class Input(BaseModel):
    """A hint about the answer expected next, for keyboards and autocomplete."""

    kind: Literal["text", "number", "date", "email", "tel", "postcode", "code", "iban"] = "text"


class Reply(BaseModel):
    """One bot message."""

    text: str
    reply: ReplyKind
    choices: list[Choice] = Field(default_factory=list)
    articles: list[ArticleRef] = Field(default_factory=list)
    picture: Picture | None = None
    input: Input | None = None
    feedback: bool = False        # ask "did this help?" under it


class Effect(BaseModel):
    """Something the web process must do in the same transaction as it stores the replies."""

    kind: Literal["handover", "gap", "flow", "answered", "refused", "close"]
    key: str                      # idempotency key: the same turn asked again gives the same key
    payload: dict[str, Any] = Field(default_factory=dict)


class TurnRequest(BaseModel):
    """One customer message with the state it meets."""

    conversation_id: str
    turn_id: str                  # the same id again must give the same result
    text: str = ""
    choice: str | None = None     # id of a choice that was offered
    choice_label: str | None = None
    locale: str | None = None     # of the page
    page_url: str | None = None
    at: str                       # ISO time of the message, the turn's clock
    state: dict[str, Any] | None = None
    people_available: bool = True # is the desk open now
    next_opening: str | None = None   # ISO time
    wait_seconds: int | None = None   # honest estimate of the queue
    note: str | None = None           # what a person who hands the chat back wants the bot to know


class TurnResponse(BaseModel):
    """What to store and show."""

    state: dict[str, Any]
    replies: list[Reply]
    effects: list[Effect] = Field(default_factory=list)
    language: str                 # of the conversation, now
    intent: str                   # as understood
    confidence: float
    articles: list[ArticleRef] = Field(default_factory=list)   # evidence, best first
    theme: str | None = None
    flow: str | None = None       # active flow after the turn
    millis: float = 0.0
