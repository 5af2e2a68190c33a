"""What can go wrong between a customer and their conversation.

``key`` names the sentence in ``data/wording/service.yml`` that a customer reads, in their language;
``detail`` is the English one.
"""

from __future__ import annotations

from bot.errors import BadInput, Conflict, NotFound, TooLarge, TooManyRequests


class UnknownConversation(NotFound):
    """No such conversation, or the token does not open it: told alike on purpose."""

    code = "unknown-conversation"

    def __init__(self) -> None:
        super().__init__(
            "There is no such conversation, or this key does not open it.",
            key="problem_unknown_conversation",
        )


class EmptyMessage(BadInput):
    """Nothing is left of the message once spaces and invisible characters are gone."""

    code = "empty-message"

    def __init__(self) -> None:
        super().__init__(
            "The message is empty: send a text or a choice.", key="problem_empty_message"
        )


class MessageTooLong(TooLarge):
    """Over ``max_message_chars``."""

    code = "message-too-long"

    def __init__(self, limit: int) -> None:
        super().__init__(
            f"This message is over {limit} characters. Send it in two parts.",
            key="problem_message_too_long", limit=limit,
        )


class ChoiceNotOffered(Conflict):
    """A choice id this conversation never showed."""

    code = "choice-not-offered"

    def __init__(self) -> None:
        super().__init__(
            "That choice was not offered in this conversation.", key="problem_choice_not_offered"
        )


class AlreadyRated(Conflict):
    """This survey has its answer."""

    code = "already-rated"

    def __init__(self) -> None:
        super().__init__("You have rated this already, thank you.", key="problem_already_rated")


class TooManyMessages(TooManyRequests):
    """Over the rate one conversation may send at."""

    code = "too-many-messages"

    def __init__(self, retry_after: float) -> None:
        seconds = max(1, round(retry_after))
        super().__init__(
            f"Too many messages: wait {seconds} s.", retry_after=seconds,
            key="problem_too_many_messages", seconds=seconds,
        )
