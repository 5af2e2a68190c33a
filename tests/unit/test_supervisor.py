"""The supervisor: what dies is started again with a pause, what is told to stop leaves nothing."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest

from bot.cli.serve import SOCKET_VARIABLE, children, listen
from bot.cli.supervisor import Child, Supervisor
from bot.errors import ConfigurationError
from bot.settings import Settings


def child(tmp_path: Path, code: str, name: str = "one") -> Child:
    return Child(name, [sys.executable, "-c", code], dict(os.environ), tmp_path / f"{name}.log")


def run(supervisor: Supervisor, seconds: float) -> None:
    for each in supervisor.children:
        each.start()
    supervisor.watch(timeout=seconds)


def _running(pid: int) -> bool:
    """Whether a process still does something (a zombie waits for its parent to look)."""
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def test_a_child_that_dies_is_started_again_and_the_reason_is_said_once(tmp_path: Path) -> None:
    said: list[str] = []
    counter = tmp_path / "starts"
    supervisor = Supervisor([child(tmp_path, f"open({str(counter)!r}, 'a').write('x'); raise SystemExit(3)")], said.append)
    run(supervisor, 4.0)
    supervisor.stop()
    assert len(counter.read_text()) >= 2
    assert len(said) == supervisor.children[0].deaths
    assert "exit code 3" in said[0]
    assert "0.5 s" in said[0]
    assert "1.0 s" in said[1]


def test_a_killed_child_is_named_by_its_signal(tmp_path: Path) -> None:
    said: list[str] = []
    supervisor = Supervisor([child(tmp_path, "import time; time.sleep(60)")], said.append)
    supervisor.children[0].start()
    process = supervisor.children[0].process
    assert process is not None
    os.kill(process.pid, signal.SIGKILL)
    supervisor.watch(until=lambda: bool(said), timeout=5)
    supervisor.stop()
    assert "SIGKILL" in said[0]


def test_stopping_ends_children_and_grandchildren(tmp_path: Path) -> None:
    code = "import subprocess, sys, time; p = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']); print(p.pid, flush=True); time.sleep(60)"
    supervisor = Supervisor([child(tmp_path, code)])
    supervisor.children[0].start()
    until = time.monotonic() + 20
    while not (tmp_path / "one.log").read_text().strip() and time.monotonic() < until:
        time.sleep(0.05)
    grandchild = int((tmp_path / "one.log").read_text())
    supervisor.stop()
    assert not supervisor.children[0].alive
    until = time.monotonic() + 5
    while _running(grandchild) and time.monotonic() < until:
        time.sleep(0.05)
    assert not _running(grandchild)


def test_a_child_that_ignores_sigterm_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.cli.supervisor.GRACE", 0.5)
    supervisor = Supervisor([child(tmp_path, "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)")])
    supervisor.children[0].start()
    until = time.monotonic() + 20
    while "up" not in (tmp_path / "one.log").read_text() and time.monotonic() < until:
        time.sleep(0.05)
    supervisor.stop()
    assert not supervisor.children[0].alive


def test_watch_ends_when_told_to_stop(tmp_path: Path) -> None:
    supervisor = Supervisor([child(tmp_path, "import time; time.sleep(60)")])
    supervisor.children[0].start()
    threading.Timer(0.3, supervisor.stopping.set).start()
    assert supervisor.watch(timeout=10) is False
    supervisor.stop()


def test_two_children_share_one_listening_socket(tmp_path: Path) -> None:
    code = ("import os, socket\n"
            "s = socket.socket(fileno=int(os.environ['RELAIS_LISTEN_FD']))\n"
            "while True:\n"
            "    c, _ = s.accept(); c.sendall(str(os.getpid()).encode()); c.close()\n")
    listening = listen("127.0.0.1", 0)
    handle = listening.fileno()
    env = {**os.environ, SOCKET_VARIABLE: str(handle)}
    supervisor = Supervisor([Child(f"web-{n}", [sys.executable, "-c", code], env, tmp_path / f"{n}.log", (handle,)) for n in (1, 2)])
    for each in supervisor.children:
        each.start()

    def who() -> int:
        with socket.create_connection(listening.getsockname(), timeout=10) as connection:
            return int(connection.recv(20))

    try:
        until, seen = time.monotonic() + 20, set()
        while len(seen) < 2 and time.monotonic() < until:
            seen.add(who())
        assert seen == {child.process.pid for child in supervisor.children if child.process}
        gone = supervisor.children[0].process
        assert gone is not None
        gone.kill()
        gone.wait()
        assert {who() for _ in range(5)} == seen - {gone.pid}, "nobody is refused"
    finally:
        supervisor.stop()
        listening.close()


def test_a_taken_port_is_one_clear_sentence() -> None:
    with listen("127.0.0.1", 0) as taken, pytest.raises(ConfigurationError, match="is taken"):
        listen("127.0.0.1", taken.getsockname()[1])


def test_as_many_processes_as_the_settings_say(tmp_path: Path) -> None:
    settings = Settings(_env_file=None, home=tmp_path, web_processes=2, dialogue_processes=3, worker_processes=2, dialogue_port=8101)
    with listen("127.0.0.1", 0) as listening:
        made = {child.name: child for child in children(settings, listening)}
        assert list(made) == ["dialogue-1", "dialogue-2", "dialogue-3", "web-1", "web-2", "worker-1", "worker-2"]
        assert made["web-2"].env["RELAIS_DIALOGUE_URLS"] == "http://127.0.0.1:8101,http://127.0.0.1:8102,http://127.0.0.1:8103"
        assert made["web-1"].pass_fds == made["web-2"].pass_fds == (listening.fileno(),)
        assert made["worker-1"].pass_fds == ()
        counters = Path(made["web-1"].env["PROMETHEUS_MULTIPROC_DIR"])
        for name in ("gauge_livesum_7.db", "gauge_livesum_8.db", "counter_7.db"):
            (counters / name).write_text("")
        made["web-1"].ended(7)
        assert sorted(path.name for path in counters.iterdir()) == ["counter_7.db", "gauge_livesum_8.db"]
        alone = children(Settings(_env_file=None, home=tmp_path), listening)
        assert [child.name for child in alone] == ["dialogue", "web", "worker"]
        assert "PROMETHEUS_MULTIPROC_DIR" not in alone[1].env


def test_children_see_the_files_their_settings_name_and_run_our_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "bot").mkdir()
    (tmp_path / "bot" / "__init__.py").write_text("raise SystemExit('code of the folder it was started in')")
    (tmp_path / "instance.env").write_text("RELAIS_DATABASE_URL=sqlite:///here.db\nRELAIS_DEMO=false\n")
    monkeypatch.setenv("RELAIS_ENV_FILE", "instance.env")
    monkeypatch.chdir(tmp_path)
    with listen("127.0.0.1", 0) as listening:
        worker = children(Settings(_env_file="instance.env", home=tmp_path), listening)[-1]
    assert Path.cwd() == tmp_path
    run_module = worker.command[:worker.command.index("bot.worker")]
    done = subprocess.run([*run_module, "bot.cli.app", "settings"], env=dict(worker.env), capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert "sqlite:///here.db" in done.stdout
    assert any("RELAIS_DEMO" in line and "false" in line.lower() for line in done.stdout.splitlines())


SLOW_START = """
import subprocess, sys
import bot.assistant.training as training
import bot.cli.serve as serve
from bot.cli.app import main
serve._database = training.ensure_understanding = lambda *given: None
training.train_rasa = lambda *given: subprocess.run([sys.executable, "-c", "import os, time; print(os.getpid(), flush=True); time.sleep(120)"])
main(sys.argv[1:])
"""


@pytest.mark.parametrize(("command", "code"), [("serve", 0), ("prepare", 130)])
def test_sigterm_while_it_trains_leaves_no_training_behind(tmp_path: Path, command: str, code: int) -> None:
    with listen("127.0.0.1", 0) as probe:
        port = probe.getsockname()[1]
    env = {**os.environ, "RELAIS_HOME": str(tmp_path), "PORT": str(port)}
    with subprocess.Popen([sys.executable, "-c", SLOW_START, command], env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as starting:
        assert starting.stdout is not None
        training = int(next(line for line in starting.stdout if line.strip().isdigit()))
        starting.send_signal(signal.SIGTERM)
        _, errors = starting.communicate(timeout=60)
    assert (starting.returncode, errors) == (code, "")
    assert not _running(training)


def test_a_training_that_is_interrupted_leaves_no_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from bot.assistant import training

    def interrupted(command: list[str], **given: object) -> None:
        (Path(command[-1]) / "sources").mkdir()
        raise KeyboardInterrupt

    monkeypatch.setattr(training.subprocess, "run", interrupted)
    with pytest.raises(KeyboardInterrupt):
        training.train_rasa(Settings(_env_file=None, home=tmp_path), lambda line: None)
    assert not [path for path in (tmp_path / "models").iterdir() if path.is_dir()]
