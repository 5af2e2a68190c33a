"""``python -m bot.assistant.refit FOLDER``: train on FOLDER/articles.json and scope.json into FOLDER/model.

A process of its own at low priority: customers' turns go on beside it.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
from pathlib import Path

from bot.assistant.training import fit, get_encoder
from bot.faq.articles import Article
from bot.settings import get_settings


def main(folder: Path) -> None:
    """Train and save."""
    with contextlib.suppress(OSError):
        os.nice(10)
    articles = [Article.from_json(row) for row in json.loads((folder / "articles.json").read_text("utf-8"))]
    scope = [(language, text) for language, text in json.loads((folder / "scope.json").read_text("utf-8"))]
    settings = get_settings()
    fit(articles, settings, get_encoder(settings), scope).save(folder / "model")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
