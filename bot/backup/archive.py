"""The file: a gzipped tar of a manifest, the database, and the home's files, each with its checksum.

Reading trusts nothing: names that lead out of the folder, anything that is not a plain file, a member
the manifest does not name, and content that does not match its checksum are refused.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from bot.errors import BadInput

FORMAT = 1
_MANIFEST = "manifest.json"
_CHUNK = 1 << 20


@dataclass
class Manifest:
    """What is in the file. ``files`` maps a member's name to the SHA-256 of its content."""

    engine: str                       # sqlite or postgresql
    revision: str                     # of the schema
    made_at: str
    format: int = FORMAT
    tables: list[str] = field(default_factory=list)
    settings: dict[str, str] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)


class Writer:
    """Collects members; the manifest is written last, when all checksums are known."""

    def __init__(self, tar: tarfile.TarFile, manifest: Manifest) -> None:
        self._tar, self.manifest = tar, manifest

    def add(self, name: str, path: Path) -> None:
        """A file as it is now. It may grow or go meanwhile: what was read is what is kept."""
        with tempfile.TemporaryFile() as copy:
            digest = hashlib.sha256()
            with path.open("rb") as source:
                while chunk := source.read(_CHUNK):
                    digest.update(chunk)
                    copy.write(chunk)
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = copy.tell(), path.stat().st_mode & 0o700
            copy.seek(0)
            self._tar.addfile(entry, copy)
        self.manifest.files[name] = digest.hexdigest()

    def finish(self) -> None:
        """Write the manifest."""
        text = json.dumps(asdict(self.manifest), ensure_ascii=False, indent=1).encode()
        entry = tarfile.TarInfo(_MANIFEST)
        entry.size, entry.mode = len(text), 0o600
        self._tar.addfile(entry, io.BytesIO(text))


@contextmanager
def writing(target: Path, manifest: Manifest) -> Iterator[Writer]:
    """A new archive, readable by its owner only; it appears under its name when it is whole."""
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, partial = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            with tarfile.open(fileobj=file, mode="w:gz", compresslevel=6) as tar:
                writer = Writer(tar, manifest)
                yield writer
                writer.finish()
            file.flush()
            os.fsync(file.fileno())
        Path(partial).replace(target)
    except BaseException:
        Path(partial).unlink(missing_ok=True)
        raise


def unpack(source: Path, folder: Path) -> Manifest:
    """Extract into an empty folder and check everything. Raises BadInput with what is wrong."""
    seen: dict[str, str] = {}
    manifest: Manifest | None = None
    try:
        with tarfile.open(source, "r:gz") as tar:
            for member in tar:
                if not member.isfile() or not _is_plain(member.name):
                    raise BadInput(f"{source.name} is not a backup of Relais: it holds '{member.name[:80]}'.")
                content = tar.extractfile(member)
                assert content is not None
                if member.name == _MANIFEST:
                    manifest = _manifest(json.loads(content.read()))
                    continue
                seen[member.name] = _extract(content, folder / member.name, member.mode)
    except (tarfile.TarError, EOFError, OSError, ValueError, TypeError) as error:
        raise BadInput(f"{source.name} cannot be read as a backup: {error}.") from error
    if manifest is None:
        raise BadInput(f"{source.name} is not whole: it has no manifest.")
    if seen != manifest.files:
        odd = sorted(name for name in {*seen, *manifest.files} if seen.get(name) != manifest.files.get(name))
        raise BadInput(f"{source.name} is damaged: {odd[0]} is not as it was written.")
    return manifest


def _manifest(found: dict[str, Any]) -> Manifest:
    if found.get("format") != FORMAT:
        raise BadInput(f"This backup has format {found.get('format')}; this version reads format {FORMAT}.")
    return Manifest(**found)


def _is_plain(name: str) -> bool:
    parts = PurePosixPath(name).parts
    return bool(parts) and not name.startswith("/") and ".." not in parts and "\\" not in name


def _extract(content: Any, target: Path, mode: int) -> str:
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    digest = hashlib.sha256()
    handle = os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600 | (mode & 0o700))
    with os.fdopen(handle, "wb") as file:
        while chunk := content.read(_CHUNK):
            digest.update(chunk)
            file.write(chunk)
    return digest.hexdigest()
