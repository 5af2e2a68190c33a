"""An agent gives customers a face: chosen in the account menu, seen beside the answer, taken back."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.acceptance.staff_support import Staff, browser, desk, staff, violations  # noqa: F401
from tests.acceptance.widget_support import chat_of, say
from tests.web_support import Web

pytestmark = pytest.mark.browser


@pytest.fixture
def portrait(tmp_path: Path) -> Path:
    """A wide picture as a camera makes it."""
    path = tmp_path / "moi.jpg"
    Image.new("RGB", (1600, 900), "#c05020").save(path, "JPEG")
    return path


def test_customers_see_who_answers(staff: Staff, desk: Web, portrait: Path) -> None:  # noqa: F811
    page = staff.page("agent", "/inbox")
    page.locator("#account summary").click()
    page.locator("#photo-file").set_input_files(portrait)
    picture = page.get_by_role("img", name="Votre photo")
    expect(picture).to_be_visible()
    assert violations(page) == []
    assert picture.evaluate("(img) => img.decode().then(() => [img.naturalWidth, img.naturalHeight])") == [192, 192]

    visitor = staff.context(width=390, height=800)
    shop = visitor.new_page()
    shop.goto(desk.url)
    shop.locator("relais-widget button").click()
    chat = chat_of(shop)
    say(chat, "je veux une personne")
    chat.locator(".notice").first.wait_for()
    api = desk.staff("agent")
    reference = next(t["reference"] for t in api.get("/tickets").json()["tickets"] if t["status"] == "new")
    api.post(f"/tickets/{reference}/reply", json={"text": "Bonjour, je regarde."}).raise_for_status()
    face = chat.locator(".msg.agent .avatar img")
    face.wait_for(state="attached")
    assert face.evaluate("(img) => img.decode().then(() => img.naturalWidth)") == 192

    page.get_by_role("button", name="Retirer la photo").click()
    expect(picture).to_be_hidden()
    api.post(f"/tickets/{reference}/reply", json={"text": "C'est fait."}).raise_for_status()
    chat.locator(".bubble", has_text="C'est fait.").wait_for()
    expect(chat.locator(".avatar img")).to_have_count(1)      # what was said keeps its place for the picture


def test_a_file_that_is_no_picture_is_refused_with_a_sentence(staff: Staff, tmp_path: Path) -> None:  # noqa: F811
    fake = tmp_path / "photo.png"
    fake.write_text("<svg onload=alert(1)>")
    page = staff.page("agent", "/inbox")
    staff.expected = ("422", "400")
    page.locator("#account summary").click()
    page.locator("#photo-file").set_input_files(fake)
    expect(page.locator(".toast-error")).to_contain_text("choisissez un fichier JPEG, PNG ou WebP")


