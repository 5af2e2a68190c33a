"""Settings: one declaration, a reference page that cannot drift, and a doctor that speaks plainly."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from types import SimpleNamespace

import pytest
from pydantic import SecretStr

from bot.cli.doctor import Finding, examine
from bot.cli.settings_doc import markdown, shown
from bot.errors import ConfigurationError
from bot.privacy.keys import instance_key
from bot.settings import ROOT, Settings, get_settings
from bot.storage.migrate import HEAD, upgrade


def test_the_reference_page_is_the_declaration() -> None:
    page = (ROOT / "docs" / "settings.md").read_text("utf-8")
    assert page == markdown(), "run: relais settings --markdown > docs/settings.md"


@pytest.mark.parametrize(("value", "printed"), [
    ("postgresql+psycopg://relais:s3cret@db:5432/relais", "postgresql+psycopg://relais:***@db:5432/relais"),
    ("redis://:s3cret@cache:6379/0", "redis://:***@cache:6379/0"),
    ("postgresql://relais:s3/cr@et@db/relais", "postgresql://relais:***@db/relais"),
    ("redis://cache:6379/0", "redis://cache:6379/0"),
    ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
    ("Solenne Énergie <bonjour@solenne-energie.example>", "Solenne Énergie <bonjour@solenne-energie.example>"),
    (SecretStr("s3cret"), "(set)"), (None, ""), (8080, "8080"),
])
def test_no_password_is_printed(value: object, printed: str) -> None:
    assert shown(value) == printed


def test_every_setting_is_described() -> None:
    assert all(field.field_info.description for field in Settings.__fields__.values())


def test_environment_and_port_override(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("RELAIS_HOME", str(tmp_path))
    monkeypatch.setenv("PORT", "9123")
    get_settings.cache_clear()
    try:
        settings = get_settings()
        assert settings.port == 9123
        assert settings.sqlalchemy_url == f"sqlite:///{tmp_path}/relais.db"
    finally:
        get_settings.cache_clear()


@pytest.mark.parametrize(("variable", "value"), [
    ("RELAIS_MAX_WRONG", "0,05"), ("RELAIS_PORT", "x"), ("PORT", "70000"), ("RELAIS_LOG_LEVEL", "loud"), ("RELAIS_SECRET_KEY", "changeme"),
])
def test_a_value_that_cannot_be_is_one_sentence_that_names_the_variable(monkeypatch: pytest.MonkeyPatch, variable: str, value: str) -> None:
    monkeypatch.setenv(variable, value)
    get_settings.cache_clear()
    try:
        with pytest.raises(ConfigurationError) as told:
            get_settings()
    finally:
        get_settings.cache_clear()
    assert told.value.detail.startswith(f"{variable}: ")
    assert "\n" not in told.value.detail
    assert "changeme" not in told.value.detail


@pytest.mark.parametrize("blank", ["", "  "])
def test_a_key_left_empty_is_as_if_not_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, blank: str) -> None:
    monkeypatch.setenv("RELAIS_SECRET_KEY", blank)
    one, other = (instance_key(Settings(_env_file=None, home=tmp_path / name)) for name in ("one", "other"))
    assert len(one) >= 32
    assert one != other
    assert (tmp_path / "one" / "secret.key").read_bytes() == one
    monkeypatch.setenv("RELAIS_SECRET_KEY", "k" * 32)
    assert instance_key(Settings(_env_file=None, home=tmp_path / "third")) == b"k" * 32
    assert not (tmp_path / "third").exists()


def test_doctor_says_that_the_port_is_taken_and_what_to_do(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        findings = {f.name: f for f in examine(Settings(home=tmp_path / "home", port=port))}
    assert not findings["Port"].ok
    assert f"PORT={port + 1}" in findings["Port"].todo


def test_doctor_says_that_the_home_is_a_file(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.write_text("")
    findings = {f.name: f for f in examine(Settings(home=home))}
    assert not findings["Home"].ok
    assert "RELAIS_HOME" in findings["Home"].todo


def test_doctor_names_a_misspelt_setting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RELAIS_PROT", "1")
    findings = {f.name: f for f in examine(Settings(home=tmp_path))}
    assert not findings["Settings"].ok
    assert "RELAIS_PROT" in findings["Settings"].seen


def test_doctor_knows_the_variables_that_are_no_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("RELAIS_SITE", "RELAIS_NEW_PASSWORD"):
        monkeypatch.setenv(name, "x")
    assert told(Settings(home=tmp_path), "Settings").ok


def test_doctor_names_misspelt_lines_of_the_settings_file_and_a_file_that_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "relais.env"
    monkeypatch.setattr(Settings.__config__, "env_file", str(file))
    monkeypatch.setenv("RELAIS_ENV_FILE", str(file))
    assert not told(Settings(home=tmp_path), "Settings file").ok
    file.write_text("# of ours\nRELAIS_DEMO=false\nPOSTGRES_PASSWORD=s3cret\nRELAIS_SMPT_HOST=mail.example\ns3cret\n")
    finding = told(Settings(home=tmp_path), "Settings file")
    assert not finding.ok
    assert "line 4 (RELAIS_SMPT_HOST), line 5" in finding.seen
    assert "s3cret" not in finding.seen
    file.write_text("RELAIS_DEMO=false\nRELAIS_SITE=support.example\n")
    assert told(Settings(home=tmp_path), "Settings file").ok


def test_a_settings_file_is_read_as_a_shell_reads_it_and_below_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "relais.env"
    file.write_text("\ufeff# first\nRELAIS_DEMO=false\n\nexport RELAIS_SMTP_PORT=2525   # submission\n"
                    'RELAIS_MAIL_FROM="Support <support@example.org>" # quoted\n'
                    "RELAIS_SMTP_PASSWORD='a#b\"c'\nRELAIS_BACKOFFICE_TOKEN=\"d\\\"e\"\nRELAIS_TRANSLATOR_URL=http://x/#y\n"
                    "RELAIS_IDLE_MINUTES=7\nRELAIS_NOT_OURS=1\nno setting\nRELAIS_SMTP_HOST=\n"
                    "RELAIS_IMAP_PASSWORD=#s3cret\nRELAIS_IMAP_USER= # nobody\n", "utf-8")
    monkeypatch.setenv("RELAIS_IDLE_MINUTES", "9")
    settings = Settings(_env_file=file, home=tmp_path)
    assert (settings.demo, settings.smtp_port, settings.idle_minutes, settings.smtp_host) == (False, 2525, 9, "")
    assert settings.mail_from == "Support <support@example.org>"
    assert settings.smtp_password is not None
    assert settings.smtp_password.get_secret_value() == 'a#b"c'
    assert settings.backoffice_token is not None
    assert settings.backoffice_token.get_secret_value() == 'd"e'
    assert settings.translator_url == "http://x/#y"
    assert settings.imap_password is not None
    assert (settings.imap_password.get_secret_value(), settings.imap_user) == ("#s3cret", "")


def test_the_tests_read_nobodys_settings_file() -> None:
    assert Settings.__config__.env_file == os.environ["RELAIS_ENV_FILE"] == "/nonexistent"


def test_a_settings_file_that_is_no_text_is_one_sentence(tmp_path: Path) -> None:
    file = tmp_path / "relais.env"
    file.write_bytes(b"RELAIS_DEMO=\xff")
    with pytest.raises(ConfigurationError, match="is not UTF-8 text"):
        Settings(_env_file=file, home=tmp_path)


def test_doctor_names_an_encoder_that_cannot_be_loaded(tmp_path: Path) -> None:
    findings = {f.name: f for f in examine(Settings(home=tmp_path, encoder=str(tmp_path / "nothing")))}
    assert not findings["Encoder"].ok
    assert "Lexical search goes on" in findings["Encoder"].todo


def test_doctor_says_that_redis_is_away_and_what_several_processes_lack(tmp_path: Path) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    findings = {f.name: f for f in examine(Settings(home=tmp_path, redis_url=f"redis://127.0.0.1:{port}/0", web_processes=2))}
    assert not findings["Redis"].ok
    assert "RELAIS_REDIS_URL" in findings["Redis"].todo
    assert "SQLite" in findings["Processes"].seen
    assert not {"Redis", "Processes"} & {f.name for f in examine(Settings(home=tmp_path))}


def told(settings: Settings, name: str) -> Finding:
    return next(finding for finding in examine(settings) if finding.name == name)


def test_doctor_says_that_python_is_another_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert told(Settings(home=tmp_path), "Python").ok
    monkeypatch.setattr("sys.version_info", (3, 12, 1, "final", 0))
    finding = told(Settings(home=tmp_path), "Python")
    assert (finding.ok, finding.seen) == (False, "3.12.1")
    assert "3.10" in finding.todo


def test_doctor_says_that_the_home_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Asked as another user would be told: for root everything can be written."""
    real = os.access
    monkeypatch.setattr("os.access", lambda path, mode: real(path, mode) and Path(path) != tmp_path)
    finding = told(Settings(home=tmp_path / "not" / "yet"), "Home")
    assert not finding.ok
    assert "will be created" in finding.seen
    assert str(tmp_path) in finding.todo
    assert "RELAIS_HOME" in finding.todo
    assert told(Settings(home=tmp_path.parent), "Home").ok


@pytest.mark.parametrize(("free", "ok"), [(1_999_999_999, False), (2_000_000_000, True)])
def test_doctor_says_that_the_disk_is_nearly_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int, ok: bool) -> None:
    asked: list[Path] = []
    monkeypatch.setattr("shutil.disk_usage", lambda path: asked.append(path) or SimpleNamespace(total=9e9, used=0, free=free))
    finding = told(Settings(home=tmp_path / "not" / "yet"), "Disk")
    assert finding.ok is ok
    assert asked == [tmp_path]
    assert finding.seen == "2.0 GB free"


def test_doctor_says_that_the_models_are_older_than_the_content(tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "rasa-0000.tar.gz").write_bytes(b"of other rules")
    for name in ("Dialogue model", "Understanding model"):
        finding = told(Settings(home=tmp_path), name)
        assert not finding.ok
        assert "relais train" in finding.todo


def test_doctor_says_that_the_database_is_behind_or_does_not_answer(tmp_path: Path) -> None:
    upgrade(f"sqlite:///{tmp_path / 'relais.db'}", "0001")
    behind = told(Settings(home=tmp_path), "Database")
    assert (behind.ok, behind.seen) == (False, "SQLite, schema 0001")
    assert HEAD in behind.todo
    away = told(Settings(home=tmp_path, database_url="postgresql+psycopg2://relais@127.0.0.1:9/relais"), "Database")
    assert not away.ok
    assert "RELAIS_DATABASE_URL" in away.todo
