"""The first process in a container, and how signals reach what it runs.

The system gives the first process of a container (PID 1) no signal that it does not handle, and
ends all others with it. A program that is first itself would ignore SIGTERM; a shell that is
first keeps it from the program; and one that a signal ends takes the program along before that
has saved its work. So a small script is first. It runs the command as its child, lives through
each signal, and, when it was asked to end, waits for all that is still at work.

The engine can signal the first process only, so the others are signalled from within, by a
second small script (`exec`). Both need nothing but the image's `/bin/sh`.

At a terminal the script waits for a moment until the terminal has its size: the engine can only be
told that when the container runs already (Docker before version 23), and a program that asks at
once would find none.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from mlrun.execution.container.engine import Engine

_FIRST = """\
asked=
trap asked=129 HUP
trap asked=130 INT
trap asked=131 QUIT
trap asked=143 TERM
if [ -t 1 ]; then
  for step in 1 2 3 4 5 6 7 8 9 10; do
    [ "$(stty size)" = "0 0" ] && sleep 0.02 || break
  done 2>/dev/null
fi
[ -z "$asked" ] || exit "$asked"
"$@"
code=$?
while [ "$asked" ] && kill -s 0 -- -1; do sleep 0.1 || sleep 1; done 2>/dev/null
exit $code"""

_SIGNAL_ALL = """\
handles() {
  while read -r key value; do
    [ "$key" != SigCgt: ] || [ $((0x${value#????????} >> 14 & 1)) = 0 ] || return 0
  done </proc/1/status
  return 1
}
for step in 1 2 3 4 5 6 7 8 9 10; do
  handles && break
  sleep 0.05 || sleep 1
done 2>/dev/null
kill -s "$1" -- 1 -1"""
"""For what asks for the end: the script above first, then all others.

It waits until that script has set its traps (TERM is the last one): before, it would get nothing.
"""

_SIGNAL_PREPARED = """\
for folder in /proc/[0-9]*; do
  while read -r key value; do
    if [ "$key" = SigCgt: ] && [ $((0x${value#????????} >> ($2 - 1) & 1)) = 1 ]; then
      kill -s "$1" "${folder#/proc/}"
    fi
  done <"$folder/status"
done 2>/dev/null"""
"""For SIGUSR1 and SIGUSR2, which ask nobody to end: only what handles them gets them."""

_TERMINAL = """\
exec </proc/1/fd/0
stty -a || python3 -c 'import termios; print(termios.tcgetattr(0)[3] & termios.ICANON or "-icanon")'
"""

_SHELL = "/bin/sh"
_INITS = frozenset({"tini", "docker-init", "dumb-init", "catatonit", "init"})
_NAME = "sh"
"""As the shell calls itself where it speaks: of a program that is not there."""


def with_first_process(entrypoint: tuple[str, ...]) -> tuple[str, ...] | None:
    """Return the entry point with the script before it; None where it wants to be first itself."""
    if entrypoint and entrypoint[0].rpartition("/")[2] in _INITS:
        return None
    return (_SHELL, "-c", _FIRST, _NAME, *entrypoint)


def lacks_shell(message: str) -> bool:
    """Return whether an engine's message says that the image has no such shell."""
    return _SHELL in message and ("no such file" in message.lower() or "not found" in message)


def pass_signal(engine: Engine, container: str, name: str, number: int, *, scripted: bool) -> None:
    """Give a signal to what runs in a container.

    Args:
        engine: Where it is.
        container: Its id.
        name: The signal's (`TERM`).
        number: The signal's.
        scripted: Whether the script is its first process.

    Raises:
        EngineError: It has ended, or the engine did not answer.
    """
    if not scripted:
        engine.call("POST", f"/containers/{container}/kill", query={"signal": f"SIG{name}"})
        return
    script = _SIGNAL_PREPARED if name.startswith("USR") else _SIGNAL_ALL
    _run(engine, container, [_SHELL, "-c", script, _NAME, name, str(number)])


def _run(engine: Engine, container: str, argv: list[str]) -> None:
    made = engine.call("POST", f"/containers/{container}/exec", {"Cmd": argv})
    engine.call("POST", f"/exec/{made['Id']}/start", {"Detach": True})


def edits_lines(engine: Engine, container: str) -> bool:
    """Return whether the system, not the program, edits the lines typed to a container.

    True where that cannot be told.
    """
    from mlrun.execution.container.engine import EngineError

    try:
        return "-icanon" not in _output(engine, container, [_SHELL, "-c", _TERMINAL])
    except (EngineError, OSError):
        return True


def _output(engine: Engine, container: str, argv: list[str]) -> str:
    asked: dict[str, Any] = {"Cmd": argv, "AttachStdout": True}
    made = engine.call("POST", f"/containers/{container}/exec", asked)
    start = engine.begin("POST", f"/exec/{made['Id']}/start", {"Detach": False}, timeout=2.0)
    try:
        return start.answer().decode("utf-8", "replace")
    finally:
        start.close()
