"""Reads the files that `relais ask` and `relais evaluate` are given: JSON lines and TSV, plain or gzipped.

Every fault is one sentence with file and line (:class:`bot.errors.BadInput`): empty file, missing header or
field, not UTF-8, not JSON, ids that occur twice or that no article has.
"""

from __future__ import annotations

import csv
import gzip
import json
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.errors import BadInput, TooLarge
from bot.faq.articles import Article
from bot.language.normalise import clean
from bot.settings import LOCALES

MAX_ROWS = 500_000
MAX_LABELS = 5_000          # that the intents of one file may have
MAX_TEXT = 20_000           # characters a field may hold
MAX_LINE = 4 * 1024**2      # bytes a line may hold
MAX_FILE = 512 * 1024**2    # bytes read of a file, unpacked
_HALF = re.compile(r"\\u[dD][89a-fA-F]")


@dataclass(frozen=True)
class Question:
    """A query and the ids of the articles that answer it; none where nothing does."""

    text: str
    ids: tuple[str, ...]
    locale: str | None = None


@dataclass(frozen=True)
class Labelled:
    """A text and its intent; None is out of scope."""

    text: str
    label: str | None
    locale: str | None = None


def lines(path: Path) -> Iterator[tuple[int, str]]:
    """Numbered lines of a text file, gzipped if its name ends in ``.gz``."""
    if path.is_dir():
        raise BadInput(f"{path}: is a folder, not a file.")
    number = total = 0
    try:
        with (gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb")) as stream:
            # Read by size, so that a packed file without a line end cannot fill the memory.
            for number, raw in enumerate(iter(lambda: stream.readline(MAX_LINE + 1), b""), 1):
                total += len(raw)
                if number > MAX_ROWS:
                    raise TooLarge(f"{path}:{number}: more than {MAX_ROWS:,} lines.")
                if len(raw) > MAX_LINE:
                    raise TooLarge(f"{path}:{number}: a line of more than {MAX_LINE // 1024**2} MiB.")
                if total > MAX_FILE:
                    raise TooLarge(f"{path}:{number}: more than {MAX_FILE // 1024**2} MiB of text.")
                try:
                    yield number, raw.decode("utf-8-sig" if number == 1 else "utf-8").rstrip("\r\n")
                except UnicodeDecodeError as error:
                    raise BadInput(f"{path}:{number}: not UTF-8 text (byte {error.start + 1} of the line); save the file as UTF-8.") from error
    except FileNotFoundError as error:
        raise BadInput(f"{path}: no such file.") from error
    except (gzip.BadGzipFile, zlib.error, EOFError) as error:
        raise BadInput(f"{path}:{number + 1}: not a complete gzip file.") from error
    except OSError as error:
        raise BadInput(f"{path}: cannot be read ({error.strerror or error}).") from error


def objects(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Numbered JSON objects, one a line; empty lines are skipped, an empty file is an error."""
    found = False
    for number, line in lines(path):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise BadInput(f"{path}:{number}: not valid JSON ({getattr(error, 'msg', 'too deeply nested')}).") from error
        if not isinstance(row, dict):
            raise BadInput(f"{path}:{number}: expected a JSON object, found {type(row).__name__}.")
        if _HALF.search(line) and _broken(row):
            raise BadInput(f"{path}:{number}: holds half a character (an escape such as \\ud83d without its other half).")
        found = True
        yield number, row
    if not found:
        raise BadInput(f"{path}:1: the file is empty.")


def _broken(row: object) -> bool:
    """Whether a text somewhere in a row cannot be written as UTF-8."""
    try:
        json.dumps(row, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return True
    return False


def _text(path: Path, number: int, row: dict[str, Any], key: str, needed: bool = True) -> str:
    value = row.get(key)
    if value is None and not needed:
        return ""
    if not isinstance(value, str):
        raise BadInput(f"{path}:{number}: “{key}” {'is missing' if value is None else 'must be text'}.")
    if len(value) > MAX_TEXT:
        raise BadInput(f"{path}:{number}: “{key}” has {len(value):,} characters; at most {MAX_TEXT:,} are read.")
    value = clean(value)
    if needed and not value:
        raise BadInput(f"{path}:{number}: “{key}” is empty.")
    return value


def _locale(path: Path, number: int, row: dict[str, Any]) -> str | None:
    value = row.get("locale") or row.get("lang")
    if value is None:
        return None
    if not isinstance(value, str):
        raise BadInput(f"{path}:{number}: “locale” must be text.")
    return value.replace("_", "-").split("-")[0].lower()


def read_articles(path: Path) -> list[Article]:
    """Rows ``{"id", "question", "answer"?, "locale"?, "variants"?}``."""
    out: list[Article] = []
    seen: dict[tuple[str, str], int] = {}
    for number, row in objects(path):
        slug = row.get("id")
        if not isinstance(slug, str | int) or isinstance(slug, bool) or not str(slug).strip():
            raise BadInput(f"{path}:{number}: “id” is missing or not text.")
        variants = row.get("variants") or []
        if not isinstance(variants, list) or not all(isinstance(v, str) for v in variants):
            raise BadInput(f"{path}:{number}: “variants” must be a list of texts.")
        locale = _locale(path, number, row) or "fr"
        key = (str(slug), locale)
        if key in seen:
            raise BadInput(f"{path}:{number}: id “{slug}” ({locale}) was already used in line {seen[key]}.")
        seen[key] = number
        out.append(Article(
            id=str(slug), locale=locale, title=_text(path, number, row, "question"), answer=_text(path, number, row, "answer", False),
            variants=tuple(dict.fromkeys(clean(v)[:MAX_TEXT] for v in variants if v.strip())),
        ))
    if len({a.id for a in out}) < 2:
        raise BadInput(f"{path}:1: holds one article only; at least two are needed to compare.")
    return out


def read_questions(path: Path, known: set[str] | None = None) -> list[Question]:
    """Rows ``{"query", "ids"}``; ids that are not ``known`` are an error."""
    out: list[Question] = []
    for number, row in objects(path):
        ids = row.get("ids")
        if not isinstance(ids, list) or not all(isinstance(i, str | int) and not isinstance(i, bool) for i in ids):
            raise BadInput(f"{path}:{number}: “ids” must be a list of article ids (empty where no article answers).")
        ids = [str(i) for i in ids]
        lost = next((i for i in ids if known is not None and i not in known), None)
        if lost is not None:
            raise BadInput(f"{path}:{number}: no article has the id “{lost}”.")
        out.append(Question(_text(path, number, row, "query"), tuple(ids), _locale(path, number, row)))
    return out


def read_labelled(path: Path, minimum_classes: int = 0, known: set[str] | None = None) -> list[Labelled]:
    """Rows ``{"text", "label"}``, label null for out of scope; labels that are not ``known`` are an error."""
    out: list[Labelled] = []
    classes = set[str]()
    for number, row in objects(path):
        if "label" not in row:
            raise BadInput(f"{path}:{number}: “label” is missing (null for out of scope).")
        label = row["label"]
        if label is not None and (not isinstance(label, str | int) or isinstance(label, bool)):
            raise BadInput(f"{path}:{number}: “label” must be text or null.")
        if label is not None and not str(label).strip():
            raise BadInput(f"{path}:{number}: “label” is empty (null for out of scope).")
        if label is not None:
            if known is not None and str(label) not in known:
                raise BadInput(f"{path}:{number}: the training file does not have the label “{label}”.")
            classes.add(str(label))
            if len(classes) > MAX_LABELS:
                raise TooLarge(f"{path}:{number}: more than {MAX_LABELS:,} labels.")
        out.append(Labelled(_text(path, number, row, "text"), None if label is None else str(label), _locale(path, number, row)))
    if len(classes) < minimum_classes:
        only = next(iter(classes), None)
        raise BadInput(f"{path}:1: " + (f"only one label (“{only}”)" if only else "no label but null") + "; at least two are needed to learn from.")
    return out


def read_batch(path: Path) -> list[tuple[str, str | None]]:
    """Texts (and languages) of a TSV file with a header that has the column ``query``, perhaps ``lang``."""
    rows = csv.reader((line for _, line in lines(path)), delimiter="\t", quoting=csv.QUOTE_NONE)
    out: list[tuple[str, str | None]] = []
    query = lang = width = -1
    try:
        for number, row in enumerate(rows, 1):
            if number == 1:
                header = [h.strip().lower() for h in row]
                if "query" not in header:
                    raise BadInput(f"{path}:1: the header has no column “query” (found: {', '.join(header)[:200] or 'nothing'}).")
                names = [h for h in header if h]      # spreadsheets write empty columns at the end
                if len(set(names)) < len(names):
                    raise BadInput(f"{path}:1: the header names a column twice ({', '.join(names)[:200]}).")
                query, lang, width = header.index("query"), header.index("lang") if "lang" in header else -1, len(header)
                continue
            if not any(cell.strip() for cell in row):
                continue
            if len(row) <= query or any(cell.strip() for cell in row[width:]):
                raise BadInput(f"{path}:{number}: {len(row)} columns where the header has {width}.")
            code = row[lang].strip().lower()[:2] if 0 <= lang < len(row) else ""
            if code and not code.isalpha():
                raise BadInput(f"{path}:{number}: “lang” must be a language code such as {', '.join(LOCALES)}.")
            out.append((row[query].strip()[:MAX_TEXT], code or None))      # printed as it was given; whoever reads it cleans it
    except csv.Error as error:
        raise BadInput(f"{path}:{len(out) + 2}: not readable as tab-separated text ({error}).") from error
    if query < 0:
        raise BadInput(f"{path}:1: the file is empty; a header with the column “query” is needed.")
    if not out:
        raise BadInput(f"{path}:2: there is a header but no row.")
    return out
