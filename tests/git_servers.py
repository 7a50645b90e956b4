"""Real Git servers on the loopback: smart and dumb HTTP(S), `git daemon`, sshd.

A `conftest.py` that wants them imports the fixture by name. Each starts when its first URL is
asked for, and ends with the test.
"""

from __future__ import annotations

import contextlib
import functools
import getpass
import os
import shlex
import shutil
import signal
import socket
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.components import missing
from tests.git_http import PASSWORD, USER, GitHttpServer
from tests.git_programs import SERVER_VARIABLES, git_program


class GitServers:
    """Serves the bare repositories below a folder by every transport that Git has.

    Attributes:
        root: The folder; `root / "team/project.git"` is served as `team/project.git`.
        ca: File of the certificate authority that the HTTPS server's certificate is from.
    """

    def __init__(self, root: Path, own: Path) -> None:
        self.root = root
        self.ca = own / "ca.pem"
        self._own = own
        root.mkdir(parents=True, exist_ok=True)
        own.mkdir(parents=True, exist_ok=True)

    def url(self, transport: str, repository: str, *, area: str = "pub", login: str = "") -> str:
        """Return a repository's address, with its server started.

        Args:
            transport: `http`, `https`, `git`, `ssh`, `scp` (`user@host:path`), `file` or `path`.
            repository: Below the root, as in `team/project.git`.
            area: For HTTP(S): `pub`, `priv`, `dumb` or `old` (see `GitHttpServer`).
            login: For HTTP(S): `user:password`.
        """
        path = self.root / repository
        if transport in ("http", "https"):
            server = self.http if transport == "http" else self.https
            at = f"{login}@" if login else ""
            return f"{transport}://{at}127.0.0.1:{server.port}/{area}/{repository}"
        if transport == "git":
            return f"git://127.0.0.1:{self.daemon.port}/{repository}"
        if transport == "ssh":
            return f"ssh://{getpass.getuser()}@127.0.0.1:{self.sshd.port}{path}"
        if transport == "scp":  # the port is in the client's configuration
            return f"{getpass.getuser()}@{self.sshd.alias}:{path}"
        return path.as_uri() if transport == "file" else str(path)

    @functools.cached_property
    def http(self) -> GitHttpServer:
        git_program("git-http-backend", "git-http")
        return GitHttpServer(self.root)

    @functools.cached_property
    def https(self) -> GitHttpServer:
        import trustme

        git_program("git-http-backend", "git-http")
        git_program("git-remote-https", "git-http")
        authority = trustme.CA()
        authority.cert_pem.write_to_path(str(self.ca))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("127.0.0.1", "localhost").configure_cert(context)
        return GitHttpServer(self.root, context)

    @functools.cached_property
    def daemon(self) -> GitDaemon:
        return GitDaemon(self.root, self._own / "daemon.log")

    @functools.cached_property
    def sshd(self) -> Sshd:
        return Sshd(self._own / "ssh")

    @property
    def variables(self) -> dict[str, str]:
        """Return what a client needs to trust these servers."""
        return {
            "GIT_SSL_CAINFO": str(self.ca),
            "GIT_SSH_COMMAND": f"ssh -F {shlex.quote(str(self._own / 'ssh' / 'config'))}",
        }

    def stop(self) -> None:
        """End all that were started."""
        for name in ("http", "https", "daemon", "sshd"):
            if name in self.__dict__:
                self.__dict__[name].stop()


class GitDaemon:
    """`git daemon`, which asks for no password."""

    def __init__(self, root: Path, log: Path) -> None:
        program = git_program("git-daemon", "git-daemon")
        self._log = log

        def command(port: int) -> list[str]:
            words = [program, "--listen=127.0.0.1", f"--port={port}", "--reuseaddr", "--verbose"]
            return [*words, "--export-all", f"--base-path={root}", str(root)]

        self.port, self._process = _start(command, log, SERVER_VARIABLES)

    @property
    def requests(self) -> int:
        """How many connections asked for something."""
        return self._log.read_text().count("Request upload-pack")

    def stop(self) -> None:
        _end(self._process)


class Sshd:
    """An SSH server that lets the tests' own key in.

    Attributes:
        alias: A host's name in the client's configuration that stands for the server with its port.
    """

    alias = "tests-sshd"

    def __init__(self, folder: Path) -> None:
        program = shutil.which("sshd", path=f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin")
        if program is None or shutil.which("ssh-keygen") is None or shutil.which("ssh") is None:
            missing("sshd", "openssh's sshd, ssh and ssh-keygen are not all installed")
            raise AssertionError
        folder.mkdir(mode=0o700)
        self._log = folder / "log"
        if os.getuid() == 0:  # what the service's start would make
            Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
        for key in ("host", "client"):
            words = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / key)]
            subprocess.run(words, check=True, capture_output=True)
        configuration = folder / "sshd_config"

        def command(port: int) -> list[str]:
            configuration.write_text(_sshd_configuration(folder, port))
            return [program, "-D", "-e", "-f", str(configuration)]

        self.port, self._process = _start(command, self._log, {})
        _write_client_configuration(folder, self.port, self.alias)

    @property
    def requests(self) -> int:
        """How often somebody logged in."""
        return self._log.read_text().count("Accepted publickey")

    def stop(self) -> None:
        _end(self._process)


@pytest.fixture
def git_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keep the user's git settings out; return the file of those that the test has instead."""
    for name in list(os.environ):
        if name.startswith(("GIT_", "SSH_")) and name != "GIT_EXEC_PATH":
            monkeypatch.delenv(name)
    home = tmp_path / "home"
    home.mkdir(exist_ok=True)
    settings = home / ".gitconfig"
    settings.touch()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(settings))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    for name in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{name}_NAME", "Tester")
        monkeypatch.setenv(f"GIT_{name}_EMAIL", "tester@localhost")
    return settings


@pytest.fixture
def git_servers(
    tmp_path: Path, git_environment: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[GitServers]:
    """Servers of a test's own, for the repositories that it makes below their root."""
    servers = GitServers(tmp_path / "served", tmp_path / "servers")
    for name, value in servers.variables.items():
        monkeypatch.setenv(name, value)
    try:
        yield servers
    finally:
        servers.stop()


def _sshd_configuration(folder: Path, port: int) -> str:
    settings = " ".join(f"{name}={value}" for name, value in SERVER_VARIABLES.items())
    return f"""\
Port {port}
ListenAddress 127.0.0.1
HostKey {folder}/host
AuthorizedKeysFile {folder}/client.pub
PidFile none
StrictModes no
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM no
PermitRootLogin prohibit-password
AcceptEnv GIT_PROTOCOL
MaxStartups 200
MaxSessions 200
SetEnv {settings}
"""


def _write_client_configuration(folder: Path, port: int, alias: str) -> None:
    kind, key, *_ = (folder / "host.pub").read_text().split()
    (folder / "known_hosts").write_text(f"[127.0.0.1]:{port} {kind} {key}\n")
    (folder / "config").write_text(f"""\
Host 127.0.0.1 {alias}
    HostName 127.0.0.1
    Port {port}
    IdentityFile {folder}/client
    IdentitiesOnly yes
    UserKnownHostsFile {folder}/known_hosts
    StrictHostKeyChecking yes
    BatchMode yes
""")


def _start(
    command: Callable[[int], list[str]], log: Path, variables: dict[str, str]
) -> tuple[int, subprocess.Popen[bytes]]:
    """Start a server on an unused port, another one if somebody takes it meanwhile."""
    kept = {n: v for n, v in os.environ.items() if not n.startswith("GIT_")}
    for _ in range(3):
        port = _unused_port()
        with log.open("wb") as output:
            process = subprocess.Popen(
                command(port),
                env={**kept, **variables},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        if _answers(port, process):
            return port, process
        _end(process)
    raise RuntimeError(f"the server does not start: {log.read_text()}")


def _answers(port: int, process: subprocess.Popen[bytes]) -> bool:
    for _ in range(1000):
        if process.poll() is not None:
            return False
        try:
            socket.create_connection(("127.0.0.1", port), 5).close()
        except OSError:
            time.sleep(0.01)
        else:
            return True
    return False


def _unused_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a server and what it started in its session."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


__all__ = ["PASSWORD", "USER", "GitDaemon", "GitServers", "Sshd", "git_environment", "git_servers"]
