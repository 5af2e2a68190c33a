"""The promises, each checked after every turn."""

from __future__ import annotations

from collections.abc import Sequence

from bot.assistant.protocol import Reply


class Broken(Exception):
    """A promise does not hold."""


class Watch:
    """One chat's replies so far."""

    def __init__(self) -> None:
        self.last = ""
        self.handed_over = False

    def turn(self, replies: Sequence[Reply]) -> None:
        """A turn's replies. Raises Broken."""
        if self.handed_over and replies:
            raise Broken(f"the bot spoke after the hand-over: {replies[0].text[:80]}")
        if not any(reply.text.strip() for reply in replies):
            raise Broken("the bot said nothing")
        for reply in replies:
            if reply.reply == "nonanswer" and self.last == "nonanswer":
                raise Broken("two non-answers in a row")
            self.last = reply.reply
        self.handed_over = handed_over(replies)


def handed_over(replies: Sequence[Reply]) -> bool:
    """Whether these replies give the chat to a person."""
    return any(reply.reply == "handover" for reply in replies)
