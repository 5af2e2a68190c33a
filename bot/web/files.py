"""Files over HTTP: taken from a form, given as downloads that no browser will open by itself."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

from fastapi import UploadFile
from starlette.responses import FileResponse

from bot.attachments.errors import FileTooLarge, UnknownAttachment
from bot.attachments.store import Attachment


async def content_of(file: UploadFile, limit: int) -> bytes:
    """A form's file, at most ``limit`` bytes. Raises FileTooLarge."""
    content = await file.read(limit + 1)
    if len(content) > limit:
        raise FileTooLarge(limit)
    return content


def download(row: Attachment, path: Path) -> FileResponse:
    """The file as a download. Raises UnknownAttachment where it is gone from the disk."""
    if not path.is_file():
        raise UnknownAttachment()
    plain = row["name"].encode("ascii", "replace").decode().replace("?", "_")
    return FileResponse(path, media_type=row["type"], headers={
        "Content-Disposition": f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(row['name'])}",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Cache-Control": "private, no-store",
    })
