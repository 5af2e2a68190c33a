"""Static files: compressed where the browser takes it, the same bytes where it does not."""

from __future__ import annotations

import gzip

import httpx
import pytest
from web_support import Web

from bot.web.app import STATIC
from bot.web.compressed import accepts_gzip

WIDGET = ["/widget.js", "/static/widget/chat.js", "/static/widget/chat.css", "/static/widget/words-fr.js"]


def raw(web: Web, path: str, **headers: str) -> httpx.Response:
    with web.http.stream("GET", web.url + path, headers={"accept-encoding": "identity", **headers}) as response:
        response.extensions["body"] = b"".join(response.iter_raw())
        return response


@pytest.mark.parametrize("path", WIDGET)
def test_what_a_browser_downloads_is_gzipped(web: Web, path: str) -> None:
    plain, small = raw(web, path), raw(web, path, **{"accept-encoding": "gzip, br"})
    assert "content-encoding" not in plain.headers
    assert small.headers["content-encoding"] == "gzip"
    assert small.headers["vary"] == "Accept-Encoding"
    assert gzip.decompress(small.extensions["body"]) == plain.extensions["body"]
    assert len(small.extensions["body"]) < 0.65 * len(plain.extensions["body"])
    assert small.headers["content-type"] == plain.headers["content-type"] or path.endswith(".js")
    assert int(small.headers["content-length"]) == len(small.extensions["body"])


def test_an_unchanged_file_is_not_sent_again_and_a_version_is_kept(web: Web) -> None:
    for encoding in ("gzip", "identity"):
        first = raw(web, "/static/widget/chat.js?v=1", **{"accept-encoding": encoding})
        assert "immutable" in first.headers["cache-control"]
        again = raw(web, "/static/widget/chat.js?v=1", **{"accept-encoding": encoding, "if-none-match": first.headers["etag"]})
        assert (again.status_code, again.extensions["body"]) == (304, b"")
    assert "immutable" not in raw(web, "/static/widget/chat.js").headers.get("cache-control", "")


def test_nothing_outside_the_folder_is_served(web: Web) -> None:
    for path in ("/static/../app.py", "/static/%2e%2e/app.py", "/static/widget/..%2f..%2fapp.py", "/static/widget"):
        assert web.http.get(web.url + path).status_code in (404, 405)
    assert (STATIC / "widget.js").is_file()


@pytest.mark.parametrize(("header", "wanted"), [
    ("gzip", True), ("br, GZIP;q=0.5", True), ("*", True), ("", False), ("br", False), ("gzip;q=0", False), ("gzip; q=0.0, br", False),
])
def test_accept_encoding(header: str, wanted: bool) -> None:
    assert accepts_gzip(header) is wanted
