"""The optional file of settings: ``NAME=VALUE`` lines, as a shell and systemd read them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from bot.errors import ConfigurationError

_LINE = re.compile(r"(?:export\s+)?([A-Za-z_]\w*)\s*=(.*)")
_QUOTED = re.compile(r"""'([^']*)'|"((?:\\.|[^"\\])*)\"""")
_ESCAPE = re.compile(r'\\([\\"$`])')
_COMMENT = re.compile(r"\s#.*")


def read(path: Path) -> Iterator[tuple[int, str, str]]:
    """Line number, name and value of every line but comments; an empty name where it is no ``NAME=VALUE``.

    Nothing where there is no file. Raises ConfigurationError where it cannot be read.
    """
    try:
        text = path.expanduser().read_text("utf-8-sig") if path.expanduser().is_file() else ""
    except (OSError, UnicodeDecodeError) as error:
        why = "it is not UTF-8 text" if isinstance(error, UnicodeDecodeError) else error.strerror
        raise ConfigurationError(f"The settings file {path} cannot be read: {why}.") from error
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith(("#", ";")):
            continue
        found = _LINE.fullmatch(line.strip())
        yield (number, found[1], _value(found[2])) if found else (number, "", "")


def _value(text: str) -> str:
    bare = text.lstrip()
    quoted = _QUOTED.match(bare)
    if quoted and not _COMMENT.sub("", bare[quoted.end():]).strip():
        return quoted[1] if quoted[1] is not None else _ESCAPE.sub(r"\1", quoted[2])
    return _COMMENT.sub("", text).strip()
