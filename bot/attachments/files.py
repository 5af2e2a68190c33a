"""Files under ``HOME/attachments``, named by the SHA-256 of their content: the same file is kept once."""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path


def hash_of(content: bytes) -> str:
    """What content is kept as."""
    return hashlib.sha256(content).hexdigest()


class Files:
    """The folder. Nothing in it has the sender's name or type, so nothing in it can be run by name."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, sha256: str) -> Path:
        """Where content with this hash lies."""
        return self.folder / sha256[:2] / sha256

    def put(self, content: bytes) -> str:
        """Keep ``content``; its hash. Durable on return, and never half-written under its name."""
        sha256 = hash_of(content)
        target = self.path(sha256)
        if target.is_file():
            return sha256
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, partial = tempfile.mkstemp(dir=target.parent, prefix=".part-")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            Path(partial).replace(target)
        except BaseException:
            Path(partial).unlink(missing_ok=True)
            raise
        return sha256

    def remove(self, sha256: str) -> bool:
        """Forget content; whether it was there."""
        path = self.path(sha256)
        found = path.is_file()
        path.unlink(missing_ok=True)
        return found
