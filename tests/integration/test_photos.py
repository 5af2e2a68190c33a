"""Pictures of people who answer: pixels only, bounded, changed by nobody else, gone with the account."""

from __future__ import annotations

import io
from typing import Any

import pytest
from PIL import Image

from bot.staff import accounts, photos
from tests.web_support import Web


def picture(size: tuple[int, int] = (40, 30), kind: str = "PNG", colour: str = "#336699", **more: Any) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, kind, **more)
    return out.getvalue()


def give(web: Web, username: str, content: bytes) -> Any:
    return web.staff(username).put("/me/photo", files={"file": ("moi.png", content, "image/png")})


def test_a_picture_is_told_with_the_answer_and_served_without_its_metadata(web: Web) -> None:
    exif = Image.Exif()
    exif[0x010E] = "chez moi, 12 rue des Lilas"
    exif[0x0112] = 6      # taken upright: turned by a quarter
    given = give(web, "agent", picture((800, 400), "JPEG", exif=exif))
    assert given.status_code == 200
    name = given.json()["photo"]
    assert web.staff("agent").get("/me").json()["photo"] == name
    shown = web.http.get(f"{web.url}/api/v1/photos/{name}")
    assert shown.headers["content-type"] == "image/webp"
    assert "immutable" in shown.headers["cache-control"]
    assert b"Lilas" not in shown.content
    with Image.open(io.BytesIO(shown.content)) as image:
        assert image.size == (photos.SIDE, photos.SIDE)
        assert not image.getexif()
    customer = web.customer()
    customer.say("bonjour")
    reference = web.http.post(f"{customer.url}/handover", json={"channel": "chat"}, headers=customer.headers).json()["ticket"]
    web.staff("agent").post(f"/tickets/{reference}/reply", json={"text": "Bonjour"}).raise_for_status()
    said = customer.until(lambda e: e["kind"] == "message" and e["author"] == "agent")[-1]
    assert said["photo"] == name


def test_a_new_picture_has_a_new_address_and_the_old_one_ends(web: Web) -> None:
    first = give(web, "agent", picture()).json()["photo"]
    second = give(web, "agent", picture(colour="#993366")).json()["photo"]
    assert first != second
    assert web.http.get(f"{web.url}/api/v1/photos/{first}").status_code == 404
    assert web.staff("agent").delete("/me/photo").status_code == 204
    assert web.http.get(f"{web.url}/api/v1/photos/{second}").status_code == 404
    assert web.staff("agent").get("/me").json()["photo"] is None


def test_two_people_may_show_the_same_picture(web: Web) -> None:
    assert give(web, "agent", picture()).json()["photo"] != give(web, "lead", picture()).json()["photo"]


@pytest.mark.parametrize("content", [
    b"", b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", b"\x89PNG\r\n\x1a\n" + b"\0" * 40, picture()[:60], picture(kind="GIF"),
    picture(kind="BMP"), b"\xff\xd8\xff" + b"x" * 500,
], ids=["nothing", "svg", "broken png", "half a png", "gif", "bmp", "broken jpeg"])
def test_what_is_no_picture_is_refused_in_a_sentence(web: Web, content: bytes) -> None:
    answer = give(web, "agent", content)
    assert answer.status_code in (400, 422)
    assert "JPEG" in answer.json()["detail"]


def test_a_bomb_of_pixels_is_refused_before_it_is_unpacked(web: Web) -> None:
    out = io.BytesIO()
    Image.new("1", (30_000, 30_000)).save(out, "PNG")      # 900 million pixels in a few kilobytes
    assert len(out.getvalue()) < 1_000_000
    assert give(web, "agent", out.getvalue()).status_code in (400, 422)


def test_analysts_answer_nobody_and_strangers_change_nothing(web: Web) -> None:
    assert give(web, "analyst", picture()).status_code == 403
    assert web.http.put(f"{web.url}/api/v1/staff/me/photo", files={"file": ("a.png", picture(), "image/png")}).status_code == 401
    assert web.http.get(f"{web.url}/api/v1/photos/..%2f..%2fetc").status_code in (404, 422)


def test_a_picture_goes_with_its_account(web: Web) -> None:
    with web.services.database.write() as connection:
        accounts.create(connection, username="temp", first_name="Lou", role="agent", password="correct horse battery")
        name = photos.put(connection, "temp", photos.shrunk(picture()))
        accounts.remove(connection, "temp")
    assert web.http.get(f"{web.url}/api/v1/photos/{name}").status_code == 404
