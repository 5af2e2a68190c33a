"""Static files, gzipped where the browser takes it, and kept by browsers for good where their address names a version."""

from __future__ import annotations

import gzip
import os
from functools import lru_cache
from pathlib import Path
from urllib.parse import parse_qs

from starlette.datastructures import Headers
from starlette.responses import FileResponse, Response
from starlette.staticfiles import NotModifiedResponse, StaticFiles
from starlette.types import Scope

_TEXT = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".json": "application/json"}
_FOREVER = "public, max-age=31536000, immutable"


@lru_cache(maxsize=256)
def _gzipped(path: str, changed: int, size: int) -> bytes:
    """The file's bytes, compressed once for each version of it (``changed``: nanoseconds)."""
    return gzip.compress(Path(path).read_bytes(), 9, mtime=0)


def accepts_gzip(header: str) -> bool:
    """Whether an ``Accept-Encoding`` allows gzip (RFC 9110, 12.5.3)."""
    for part in header.lower().split(","):
        name, _, weight = part.partition(";")
        if name.strip() in ("gzip", "*"):
            return weight.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False


def serve(path: str | os.PathLike[str], found: os.stat_result, scope: Scope, status: int = 200) -> Response:
    """The file as a response; 304 where the browser has it."""
    request = Headers(scope=scope)
    kind = _TEXT.get(os.path.splitext(path)[1])
    response: Response = FileResponse(path, status_code=status, stat_result=found)
    etag = response.headers["etag"]
    if kind is not None:
        response.headers["Vary"] = "Accept-Encoding"
        if accepts_gzip(request.get("accept-encoding", "")):
            headers = {**response.headers, "etag": f'{etag[:-1]}-gz"', "Content-Encoding": "gzip"}
            headers.pop("content-length", None)
            headers.pop("content-type", None)
            body = _gzipped(os.fspath(path), found.st_mtime_ns, found.st_size)
            response = Response(body, status, headers, f"{kind}; charset=utf-8")
    if parse_qs(scope.get("query_string", b"").decode("latin-1")).get("v"):
        response.headers["Cache-Control"] = _FOREVER
    known = [tag.strip().removeprefix("W/") for tag in request.get("if-none-match", "").split(",")]
    return NotModifiedResponse(response.headers) if response.headers["etag"] in known else response


class Compressed(StaticFiles):
    """Static files through :func:`serve`."""

    def file_response(
        self, full_path: str | os.PathLike[str], stat_result: os.stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        return serve(full_path, stat_result, scope, status_code)
