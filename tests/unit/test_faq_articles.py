"""Article files: what is read, and what is said of those that cannot be."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.errors import BadInput
from bot.faq.articles import Article, load_articles, passages, plain_text

GOOD = "slug: a\nlocale: fr\ntitle: Titre\nanswer: Oui.\nbody: |\n  ## Un\n  - **x** [lien](faq:b)\nvariants: [\"q 1\", \"q 2\"]\nflow: outage\nrelated: [b]\n"


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_translation_takes_editorial_fields_from_its_source(tmp_path: Path) -> None:
    write(tmp_path, "a.yml", GOOD)
    write(tmp_path, "en/a.yml", "slug: a\nlocale: en\ntitle: Title\nanswer: Yes.\nvariants: [hello]\n")
    source, english = load_articles(tmp_path)
    assert (english.locale, english.title, english.flow, english.related) == ("en", "Title", "outage", ("b",))
    assert source.plain == "Un x lien"
    assert Article.from_json(english.to_json()) == english


@pytest.mark.parametrize(("text", "said"), [
    ("slug: a\ntitle: [x\n", "a.yml:3: not valid YAML"), ("slug: a\nlocale: fr\n", "“title” is missing"), ("slug: a\nlocale: xx\ntitle: t\n", "a.yml:2: “locale” must be one of"),
    ("slug: A b\ntitle: t\n", "a.yml:1: “slug” may hold only"), ("slug: a\ntitle: t\nvariants:\n- {x: 1}\n", "a.yml:3: “variants” holds something that is not text"), ("- x\n", "a.yml:1: expected keys"),
])
def test_faults_name_file_and_line(tmp_path: Path, text: str, said: str) -> None:
    write(tmp_path, "a.yml", text)
    with pytest.raises(BadInput) as caught:
        load_articles(tmp_path)
    assert said in caught.value.detail


def test_duplicate_slug_wrong_encoding_and_orphan_translation(tmp_path: Path) -> None:
    write(tmp_path, "a.yml", GOOD)
    write(tmp_path, "b.yml", GOOD)
    with pytest.raises(BadInput, match=r"already in .*a\.yml"):
        load_articles(tmp_path)
    (tmp_path / "b.yml").write_bytes(b"slug: b\ntitle: caf\xe9\n")
    with pytest.raises(BadInput, match=r"b\.yml:2: not UTF-8"):
        load_articles(tmp_path)
    (tmp_path / "b.yml").unlink()
    write(tmp_path, "en/zz.yml", "slug: zz\ntitle: t\n")
    with pytest.raises(BadInput, match="there is no"):
        load_articles(tmp_path)


def test_passages_carry_their_heading_and_keep_every_word() -> None:
    body = "Intro.\n## Prix\n" + "\n".join(f"- ligne {i} " + "mot " * 12 for i in range(20))
    found = passages(body)
    assert found[0] == "Intro."
    assert all(p.startswith("Prix : ") for p in found[1:])
    assert len(found) > 2
    for i in range(20):
        assert sum(f"ligne {i} " in p for p in found) == 1
    assert plain_text("**a** `b` [c](http://x)") == "a b c"
