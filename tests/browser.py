"""A real browser without a window, spoken to in Chromium's own protocol (DevTools)."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

from tests.components import missing

_NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
_PATIENCE = 90.0

_SWITCHES = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"),
    *("--no-first-run", "--disable-background-networking", "--disable-component-update"),
    *("--no-proxy-server", "--remote-debugging-port=0", "--window-size=1600,1400"),
    *("--enable-unsafe-swiftshader",),
)


class Page:
    """One tab.

    Args:
        socket: To the browser's protocol, for this tab.
    """

    def __init__(self, socket: Any) -> None:
        self._socket = socket
        self._number = 0

    async def go(self, address: str) -> None:
        """Open an address, also where only the part after `#` is another one."""
        await self._ask("Page.navigate", url="about:blank")
        await self._ask("Page.navigate", url=address)

    async def evaluate(self, expression: str) -> Any:
        """Return the value of a JavaScript expression."""
        answer = await self._ask("Runtime.evaluate", expression=expression, returnByValue=True)
        return answer["result"].get("value")

    async def text(self) -> str:
        """Return what a person reads on the page."""
        return str(await self.evaluate("document.body ? document.body.innerText : ''"))

    async def until(self, expression: str) -> Any:
        """Wait until a JavaScript expression is true, and return its value."""
        end = time.monotonic() + _PATIENCE
        while not (value := await self.evaluate(expression)):
            if time.monotonic() > end:
                raise AssertionError(f"waited in vain: {expression}; page: {await self.text()}")
            await asyncio.sleep(0.1)
        return value

    async def until_text(self, *texts: str) -> None:
        """Wait until a person reads all these texts on the page."""
        for text in texts:
            await self.until(f"document.body && document.body.innerText.includes({text!r})")

    async def picture(self) -> str:
        """Return a picture of the page: a PNG in base64."""
        return str((await self._ask("Page.captureScreenshot"))["data"])

    async def _ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        self._number += 1
        question = {"id": self._number, "method": method, "params": parameters}
        await self._socket.send_json(question)
        while True:
            answer = await self._socket.receive_json(timeout=_PATIENCE)
            if answer.get("id") == self._number:
                assert "error" not in answer, f"{method}: {answer['error']}"
                result: dict[str, Any] = answer["result"]
                return result


@asynccontextmanager
async def browser_page(profile: Path) -> AsyncIterator[Page]:
    """Open a browser with one empty page, and end it afterwards.

    Args:
        profile: A folder for the browser's own files.
    """
    program = next((found for name in _NAMES if (found := shutil.which(name))), None)
    if program is None:
        missing("chromium", "no Chromium is installed")
        raise AssertionError
    words = [*_SWITCHES, f"--user-data-dir={profile}", "about:blank"]
    null = asyncio.subprocess.DEVNULL
    process = await asyncio.create_subprocess_exec(
        program, *words, stdin=null, stdout=null, stderr=null, start_new_session=True
    )
    try:
        port = await _port(profile / "DevToolsActivePort", process)
        async with aiohttp.ClientSession() as session:
            async with session.get(f"http://127.0.0.1:{port}/json/list") as answer:
                tabs = json.loads(await answer.text())
            address = next(tab["webSocketDebuggerUrl"] for tab in tabs if tab["type"] == "page")
            async with session.ws_connect(address, max_msg_size=0) as socket:
                yield Page(socket)
    finally:
        os.killpg(process.pid, 9)
        await process.wait()


async def _port(file: Path, process: asyncio.subprocess.Process) -> int:
    end = time.monotonic() + _PATIENCE
    while time.monotonic() < end and process.returncode is None:
        if file.exists() and file.read_text().count("\n"):
            return int(file.read_text().splitlines()[0])
        await asyncio.sleep(0.05)
    raise AssertionError(f"the browser did not start (exit code {process.returncode})")
