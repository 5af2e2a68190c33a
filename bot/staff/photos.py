"""The picture of whoever answers, as customers see it: small, square, and nothing but pixels."""

from __future__ import annotations

import hashlib
import io

import sqlalchemy as sa
from PIL import Image, ImageOps, UnidentifiedImageError
from sqlalchemy.engine import Connection

from bot.errors import BadInput, NotFound
from bot.storage.schema import staff_photos

TYPE = "image/webp"
#: Largest upload, and the most pixels worth unpacking (a phone's camera has 12 to 50 million).
MAX_BYTES = 10_000_000
MAX_PIXELS = 60_000_000
SIDE = 192
_FORMATS = ("JPEG", "PNG", "WEBP")
_P = staff_photos.c


def shrunk(content: bytes) -> bytes:
    """A picture cut to its middle square of 192 pixels, upright, as WebP without any metadata (place, camera).

    Raises BadInput for what is no JPEG, PNG or WebP picture, or too large.
    """
    if len(content) > MAX_BYTES:
        raise BadInput("The picture is too large: at most 10 MB.", key="photo_large")
    try:
        with Image.open(io.BytesIO(content), formats=_FORMATS) as found:
            if found.width * found.height > MAX_PIXELS:
                raise BadInput("The picture is too large: at most 10 MB.", key="photo_large")
            found.draft("RGB", (2 * SIDE, 2 * SIDE))      # a JPEG need not be unpacked whole
            upright = ImageOps.exif_transpose(found)
            small = ImageOps.fit(upright.convert("RGBA"), (SIDE, SIDE))
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise BadInput("This is no picture that can be used: give a JPEG, PNG or WebP file.", key="photo_kind") from error
    ground = Image.new("RGBA", small.size, "white")
    ground.alpha_composite(small)
    out = io.BytesIO()
    ground.convert("RGB").save(out, "WEBP", quality=80)
    return out.getvalue()


def put(connection: Connection, username: str, content: bytes) -> str:
    """Keep a picture made by :func:`shrunk` in place of the one before; its id."""
    drop(connection, username)
    # Whose it is belongs to the id, so that two people may show the same picture.
    name = hashlib.blake2b(username.encode() + b"\0" + content, digest_size=16).hexdigest()
    connection.execute(sa.insert(staff_photos).values(username=username, id=name, content=content))
    return name


def drop(connection: Connection, username: str) -> None:
    """Show the initial again."""
    connection.execute(sa.delete(staff_photos).where(_P.username == username))


def of(connection: Connection, username: str) -> str | None:
    """The id of someone's picture, if they have one."""
    found = connection.execute(sa.select(_P.id).where(_P.username == username)).scalar()
    return None if found is None else str(found)


def get(connection: Connection, name: str) -> bytes:
    """A picture by its id. Raises NotFound."""
    found = connection.execute(sa.select(_P.content).where(_P.id == name)).scalar()
    if found is None:
        raise NotFound("There is no such picture.", key="photo_missing")
    return bytes(found)
