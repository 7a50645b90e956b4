"""giftless: a real server of Git LFS from the package index, in an environment of its own."""

from __future__ import annotations

import base64
import hmac
import json
import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest

from tests.components import missing

# It does not say itself what it needs.
_NEEDED = (
    *("giftless==0.6.2", "cachetools", "figcan", "flask", "flask-classful", "flask-marshmallow"),
    *("marshmallow", "pyjwt", "python-dateutil", "python-dotenv", "pyyaml", "typing-extensions"),
    *("webargs", "werkzeug"),
)
_SECRET = "a secret of thirty-two characters and more"
USER = "_jwt"
"""The user name that goes with a token as password."""


class Giftless:
    """A running server.

    Args:
        folder: For its settings, contents and log.

    Attributes:
        site: Scheme, host and port.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.site = f"http://127.0.0.1:{port}"
        (folder / "settings.json").write_text(json.dumps(_settings(folder)))
        self._log = folder / "log"
        command = ["-m", "flask", "--app", "giftless.wsgi_entrypoint", "run", "--port", str(port)]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [_uv(), "run", "--no-project", "--quiet", *_with(), "python", "-Wignore", *command],
                cwd=folder,
                env={**os.environ, "GIFTLESS_CONFIG_FILE": str(folder / "settings.json")},
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            self._wait(port)
        except BaseException:
            self.stop()
            raise

    def token(self) -> str:
        """Return a token that may do everything, for an hour."""
        facts = {"exp": int(time.time()) + 3600, "sub": "tester", "scopes": ["obj:*/*"]}
        parts = (json.dumps(part).encode() for part in ({"alg": "HS256", "typ": "JWT"}, facts))
        signed = b".".join(_encoded(part) for part in parts)
        digest = hmac.digest(_SECRET.encode(), signed, "sha256")
        return (signed + b"." + _encoded(digest)).decode()

    def stop(self) -> None:
        """End it."""
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def _wait(self, port: int) -> None:
        for _ in range(1200):
            if self._process.poll() is not None:
                said = self._log.read_text()
                if "giftless" in said and "Traceback" in said:
                    pytest.fail(f"giftless ended: {said[-2000:]}", pytrace=False)
                missing("pypi", said[-800:])
            try:
                socket.create_connection(("127.0.0.1", port), timeout=5).close()
            except OSError:
                time.sleep(0.1)
            else:
                return
        pytest.fail(f"giftless does not answer: {self._log.read_text()[-2000:]}", pytrace=False)


def _settings(folder: Path) -> dict[str, object]:
    token = {"algorithm": "HS256", "private_key": _SECRET}
    storage = {
        "storage_class": "giftless.storage.local_storage:LocalStorage",
        "storage_options": {"path": str(folder / "contents")},
    }
    return {
        "AUTH_PROVIDERS": [{"factory": "giftless.auth.jwt:factory", "options": token}],
        "PRE_AUTHORIZED_ACTION_PROVIDER": {
            "factory": "giftless.auth.jwt:factory",
            "options": {**token, "default_lifetime": 600},
        },
        "TRANSFER_ADAPTERS": {
            "basic": {"factory": "giftless.transfer.basic_streaming:factory", "options": storage}
        },
    }


def _encoded(part: bytes) -> bytes:
    return base64.urlsafe_b64encode(part).rstrip(b"=")


def _with() -> list[str]:
    return [word for package in _NEEDED for word in ("--with", package)]


def _uv() -> str:
    try:
        from uv import find_uv_bin

        return str(find_uv_bin())
    except (ImportError, FileNotFoundError):
        return shutil.which("uv") or "uv"
