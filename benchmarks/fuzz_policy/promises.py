"""The promises, each checked after every turn."""

from __future__ import annotations

from collections.abc import Sequence

from bot.assistant.protocol import Reply

#: Buttons that stand under every list.
_ALWAYS = frozenset({"human", "else"})


class Broken(Exception):
    """A promise does not hold."""


class Watch:
    """One chat's replies so far."""

    def __init__(self) -> None:
        self.lost = False                     # whether the last reply was a non-answer
        self.titles: set[str] = set()         # what it offered
        self.handed_over = False

    def turn(self, replies: Sequence[Reply]) -> None:
        """A turn's replies. Raises Broken."""
        if self.handed_over and replies:
            raise Broken(f"the bot spoke after the hand-over: {replies[0].text[:80]}")
        if not any(reply.text.strip() for reply in replies):
            raise Broken("the bot said nothing")
        for reply in replies:
            titles = {choice.id for choice in reply.choices if choice.id not in _ALWAYS}
            lost = reply.reply == "nonanswer" or self._asks_again(reply, titles)
            if lost and self.lost:
                raise Broken("two non-answers in a row")
            self.lost, self.titles = lost, titles
        self.handed_over = handed_over(replies)

    def _asks_again(self, reply: Reply, titles: set[str]) -> bool:
        """Whether a reply only asks "which one?" about what the last one offered."""
        return reply.reply == "options" and not reply.articles and bool(titles) and titles <= self.titles


def handed_over(replies: Sequence[Reply]) -> bool:
    """Whether these replies give the chat to a person."""
    return any(reply.reply == "handover" for reply in replies)
