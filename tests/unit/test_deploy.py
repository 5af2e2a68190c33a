"""What deploy/ asks for exists: settings, commands, hardening. Nothing here starts a container."""

from __future__ import annotations

import configparser
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from benchmarks import scale_demo
from benchmarks.servers import Missing
from bot.analytics.counters import forget_dead
from bot.assistant.server import serve_dialogue
from bot.cli.app import COMMANDS
from bot.cli.checks import CHECKS
from bot.cli.processes import app as processes
from bot.errors import ConfigurationError
from bot.privacy.keys import instance_key
from bot.settings import ROOT, Settings, get_settings

DEPLOY = ROOT / "deploy"
OURS = re.compile(r"RELAIS_[A-Z_]+")
#: Read by the proxy's configuration alone.
PROXY_ONLY = {"RELAIS_SITE"}
UNITS = sorted((DEPLOY / "systemd").glob("relais-*"))
HARDENING = {"NoNewPrivileges": "true", "ProtectSystem": "strict", "ProtectHome": "true", "PrivateTmp": "true", "PrivateDevices": "true",
             "RestrictSUIDSGID": "true", "CapabilityBoundingSet": "", "SystemCallFilter": "@system-service"}


def known(name: str) -> bool:
    return name.removeprefix("RELAIS_").lower() in Settings.__fields__


def compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))
    return found


def is_command(words: list[str]) -> bool:
    """Whether `relais WORDS…` is a command, options aside."""
    if words[0] != "run":
        return words[0] in COMMANDS
    group: Any = typer.main.get_command(processes)
    return words[1] in group.commands and (words[1] != "check" or words[2] in CHECKS)


def ours() -> dict[str, Any]:
    return {name: service for name, service in compose()["services"].items() if service["image"] == "relais:latest"}


def test_every_process_is_there_and_its_command_exists() -> None:
    services = ours()
    assert set(services) == {"prepare", "web", "dialogue-1", "dialogue-2", "worker"}
    for name, service in services.items():
        assert is_command(service["command"]), name
        if name != "prepare":
            check = service["healthcheck"]["test"]
            assert check[:2] == ["CMD", "relais"], name
            assert is_command(check[2:]), name


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd here")
def test_systemd_understands_every_unit(tmp_path: Path) -> None:
    units = [path for path in (DEPLOY / "systemd").iterdir() if path.suffix in (".service", ".socket", ".target")]
    for path in units:
        text = path.read_text("utf-8").replace("/opt/relais/.venv/bin/relais", sys.executable)
        (tmp_path / path.name).write_text(text, "utf-8")
    names = [path.name.replace("@.", "@1.") for path in units]
    assert len(names) >= 6
    done = subprocess.run(["systemd-analyze", "verify", *(str(tmp_path / name) for name in names)],
                          capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr.strip()) == (0, "")


def test_every_variable_of_ours_is_a_setting() -> None:
    for path in (*DEPLOY.rglob("*.env.example"), DEPLOY / "compose.yaml", DEPLOY / "Dockerfile", DEPLOY / "Caddyfile", *UNITS):
        for name in OURS.findall(path.read_text("utf-8")):
            assert known(name) or name in PROXY_ONLY, f"{path.name}: {name}"


@pytest.mark.parametrize("path", sorted(DEPLOY.rglob("*.env.example")), ids=lambda path: str(path.relative_to(DEPLOY)))
def test_an_env_file_that_was_not_filled_in_starts_nothing_and_opens_nothing(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for line in path.read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            monkeypatch.setenv(*line.split("=", 1))
    monkeypatch.setenv("RELAIS_HOME", str(tmp_path))
    get_settings.cache_clear()
    try:
        assert len(instance_key(get_settings())) >= 32
        with pytest.raises(ConfigurationError, match="RELAIS_DIALOGUE_SECRET"):
            serve_dialogue(8101)
    finally:
        get_settings.cache_clear()


@pytest.mark.parametrize("path", sorted(DEPLOY.rglob("*.env.example")), ids=lambda path: str(path.relative_to(DEPLOY)))
def test_a_shell_reads_an_env_file_as_systemd_does(path: Path) -> None:
    lines = [line.removeprefix("# ") for line in path.read_text("utf-8").splitlines() if re.match(r"(# )?RELAIS_\w+=", line)]
    assert len(lines) > 5
    script = "\n".join(["set -ae", *lines, "env -0"])
    env = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True, env={"PATH": os.environ["PATH"]}).stdout
    seen = dict(entry.split("=", 1) for entry in env.split("\0") if entry)
    for line in lines:
        name, value = line.split("=", 1)
        assert seen[name] == value.strip('"')


def test_the_units_can_execute_the_interpreter_that_the_documents_install() -> None:
    synced = [line for line in (ROOT / "docs" / "deploy.md").read_text("utf-8").splitlines() if re.search(r"^\S*\s*uv sync --frozen", line)]
    assert synced
    for line in synced:
        folder = re.match(r"UV_PYTHON_INSTALL_DIR=(/\S+) uv sync", line)
        assert folder, line
        assert not folder[1].startswith(("/root", "/home", "/tmp", "/run/user")), "hidden by ProtectHome= and PrivateTmp="


@pytest.mark.parametrize("name", sorted(compose()["services"]))
def test_containers_are_shut_in(name: str) -> None:
    service = compose()["services"][name]
    assert service["read_only"] is True
    assert "no-new-privileges:true" in service["security_opt"]
    assert not service.get("privileged")
    if name != "prepare":
        assert service["healthcheck"]["test"]
        assert service["restart"] == "unless-stopped"
    if name not in ("proxy",):
        assert "ports" not in service, "only the proxy is reachable from outside"


def test_database_and_redis_have_no_way_out_and_volumes_are_declared() -> None:
    found = compose()
    assert found["networks"]["inside"]["internal"] is True
    for name in ("postgres", "redis"):
        assert found["services"][name]["networks"] == ["inside"]
    used = {volume.split(":")[0] for service in found["services"].values() for volume in service.get("volumes", []) if not volume.startswith(".")}
    assert used == set(found["volumes"])


def test_the_dialogue_addresses_are_the_dialogue_services() -> None:
    environment = ours()["web"]["environment"]
    urls = environment["RELAIS_DIALOGUE_URLS"].split(",")
    assert sorted(urls) == [f"http://{name}:{environment['RELAIS_DIALOGUE_PORT']}" for name in sorted(ours()) if name.startswith("dialogue")]


def test_the_image_does_not_run_as_root_and_copies_what_exists() -> None:
    lines = (DEPLOY / "Dockerfile").read_text("utf-8").splitlines()
    users = [line.split()[1] for line in lines if line.startswith("USER")]
    assert users
    assert users[-1] not in ("0", "root")
    for line in lines:
        if line.startswith("COPY") and "--from" not in line:
            for source in line.split()[1:-1]:
                assert (ROOT / source).exists(), source
    command = next(line for line in lines if line.startswith("CMD"))
    assert is_command(yaml.safe_load(command.removeprefix("CMD ")))


def unit(path: Path) -> configparser.ConfigParser:
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string(path.read_text("utf-8"))
    return parser


@pytest.mark.parametrize("path", [path for path in UNITS if path.suffix == ".service"], ids=lambda path: path.name)
def test_units_run_a_command_as_their_own_user_with_little_around_them(path: Path) -> None:
    service = unit(path)["Service"]
    program, *words = service["ExecStart"].split()
    assert program == "/opt/relais/.venv/bin/relais"
    assert is_command(words)
    assert service["User"] == "relais"
    for name, value in HARDENING.items():
        assert service[name] == value, name
    assert service["StateDirectory"] == "relais"


def test_units_name_units_that_exist() -> None:
    names = {path.name for path in UNITS} | {"relais.target"}
    for path in (*UNITS, DEPLOY / "systemd" / "relais.target"):
        section = unit(path)
        for part, option in (("Unit", "Requires"), ("Unit", "Wants"), ("Unit", "PartOf"), ("Service", "Sockets"), ("Socket", "Service")):
            for name in section.get(part, option, fallback="").split():
                if name.startswith("relais"):
                    assert re.sub(r"@\w+\.", "@.", name) in names, f"{path.name}: {name}"


def test_the_web_processes_share_the_socket_of_their_unit() -> None:
    assert unit(DEPLOY / "systemd" / "relais-web@.service")["Service"]["Sockets"] == "relais-web.socket"
    assert unit(DEPLOY / "systemd" / "relais-web.socket")["Socket"]["ListenStream"].endswith(":8080")


def test_response_matchers_hold_only_what_caddy_knows() -> None:
    inside, depth = False, 0
    for line in (DEPLOY / "Caddyfile").read_text("utf-8").splitlines():
        words = line.split("#")[0].split()
        if inside and words and words != ["}"]:
            assert words[0] in ("status", "header"), line
        if words[:1] == ["match"] and words[-1] == "{":
            inside = True
        elif words == ["}"]:
            inside = False
        depth += line.count("{") - line.count("}")
    assert depth == 0


@pytest.mark.skipif(shutil.which("caddy") is None, reason="no Caddy here")
def test_caddy_understands_its_file() -> None:
    done = subprocess.run(["caddy", "validate", "--adapter", "caddyfile", "--config", str(DEPLOY / "Caddyfile")],
                          capture_output=True, text=True, timeout=60, check=False, env={**os.environ, "RELAIS_SITE": "localhost"})
    assert done.returncode == 0, done.stderr


def test_event_streams_are_not_compressed_and_figures_are_not_for_outside() -> None:
    text = (DEPLOY / "Caddyfile").read_text("utf-8")
    assert re.search(r"@whole not header Accept \*text/event-stream\*\s+encode @whole ", text)
    assert re.search(r"@private path /metrics\s+respond @private 404", text)
    assert "dynamic" not in text or "health_uri" not in text, "Caddy does not run active checks of upstreams it looks up"


def test_the_documented_nginx_passes_on_what_the_web_process_needs() -> None:
    text = (ROOT / "docs" / "operate.md").read_text("utf-8").split("```nginx")[1].split("```")[0]
    lines = {" ".join(line.split("#")[0].split()) for line in text.splitlines()}
    assert {"proxy_set_header Host $http_host;", "proxy_set_header X-Forwarded-For $remote_addr;",
            "proxy_set_header X-Forwarded-Proto $scheme;", "proxy_buffering off;", "proxy_http_version 1.1;",
            "location = /metrics { return 404; }"} <= lines
    most = next(re.fullmatch(r"client_max_body_size (\d+)m;", line) for line in lines if line.startswith("client_max_body_size"))
    assert most
    defaults = Settings(_env_file=None)
    assert int(most[1]) * 2**20 > max(defaults.attachment_max_bytes, defaults.mail_max_bytes, defaults.max_body_bytes)


def test_web_units_add_up_their_figures_in_a_folder_that_prepare_empties() -> None:
    web, prepare = (unit(DEPLOY / "systemd" / f"relais-{name}.service")["Service"] for name in ("web@", "prepare"))
    text = (DEPLOY / "systemd" / "relais-web@.service").read_text("utf-8")
    folder = f"/run/{web['RuntimeDirectory']}"
    assert f"PROMETHEUS_MULTIPROC_DIR={folder}\n" in text
    assert prepare["RuntimeDirectory"] == web["RuntimeDirectory"]
    assert web["RuntimeDirectoryPreserve"] == prepare["RuntimeDirectoryPreserve"] == "yes"
    assert prepare["ExecStartPre"] == f"/usr/bin/find {folder} -mindepth 1 -delete"


def test_a_dialogue_process_is_asked_at_its_port_else_at_every_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr("bot.cli.checks._ask", lambda url, headers: asked.append(url))
    CHECKS["dialogue"](Settings(_env_file=None, home=tmp_path, dialogue_port=8101, dialogue_urls="http://a:1,http://b:2"))
    assert asked == ["http://127.0.0.1:8101/health"]
    asked.clear()
    CHECKS["dialogue"](Settings(_env_file=None, home=tmp_path, dialogue_urls="http://a:1, http://b:2/"))
    assert asked == ["http://a:1/health", "http://b:2/health"]
    with pytest.raises(ConfigurationError, match="RELAIS_DIALOGUE_PORT"):
        CHECKS["dialogue"](Settings(_env_file=None, home=tmp_path))


def test_a_web_process_takes_those_that_are_gone_out_of_the_sum(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as gone:
        pass
    kept = [f"counter_{gone.pid}.db", f"gauge_livesum_{os.getpid()}.db", f"gauge_mostrecent_{gone.pid}.db"]
    for name in (*kept, f"gauge_livesum_{gone.pid}.db"):
        (tmp_path / name).write_text("")
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path))
    forget_dead()
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(kept)


def test_without_postgresql_the_scale_demo_says_so_and_nothing_else(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def missing(folder: Path) -> None:
        raise Missing("PostgreSQL is not installed.")

    monkeypatch.setattr("sys.argv", ["scale-demo"])
    monkeypatch.setattr(scale_demo, "Cluster", missing)
    assert scale_demo.main() == 1
    assert capsys.readouterr() == ("", "scale-demo: PostgreSQL is not installed.\n")
