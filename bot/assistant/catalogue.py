"""The articles a dialogue process knows: an immutable snapshot, replaced as a whole."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bot.faq.articles import Article


class Catalogue:
    """Articles by id and locale. A text in another language stands in where there is none."""

    #: Languages tried, in this order, where the customer's own has no text.
    STAND_INS = ("fr", "en", "nl", "es", "de", "it")

    def __init__(self, articles: Iterable[Article]) -> None:
        self._by_id: dict[str, dict[str, Article]] = {}
        for article in articles:
            self._by_id.setdefault(article.id, {})[article.locale] = article

    def get(self, slug: str, locale: str) -> Article | None:
        """The article in this locale, else in the first stand-in there is."""
        texts = self._by_id.get(slug)
        if not texts:
            return None
        return next((texts[tried] for tried in (locale, *self.STAND_INS) if tried in texts), next(iter(texts.values())))

    def all(self, locale: str) -> Sequence[Article]:
        """Every article once, in the best language there is for this customer."""
        return [article for slug in self._by_id if (article := self.get(slug, locale)) is not None]

    def every(self) -> list[Article]:
        """Every text of every article."""
        return [article for texts in self._by_id.values() for article in texts.values()]

    def __len__(self) -> int:
        return len(self._by_id)
