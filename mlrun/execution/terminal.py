"""A pseudo-terminal for the command, in the place of the terminal that mlrun runs in.

The user's terminal is made raw, so that each key reaches the command's terminal, which does
with it whatever the command has set: echo, line editing, Ctrl-C, Ctrl-D. While mlrun is not
in the foreground, or has been stopped, the user's terminal is left as it was.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import sys
import termios
from collections.abc import Iterator
from typing import Any, NamedTuple

_INPUT_LIMIT = 1 << 20
"""Bytes typed ahead that are kept for a command that does not read."""

_IFLAG, _OFLAG, _CFLAG, _LFLAG, _, _, _CC = range(7)


class Keys(NamedTuple):
    """What the user has typed, as far as it matters here.

    Attributes:
        hung_up: Whether the terminal is gone.
        interrupt: Whether it held Ctrl-C, to a terminal that makes a signal of it and a
            program that does not edit lines itself (such as a debugger's prompt).
        suspend: Whether it held Ctrl-Z for the command itself, not for a shell inside it.
    """

    hung_up: bool = False
    interrupt: bool = False
    suspend: bool = False


class Terminal:
    """The command's terminal, and the user's.

    Args:
        interactive: Whether the user's keys go to the command. If not, only its output
            appears, and it does not become the session's controlling terminal.

    Raises:
        OSError: There is no pseudo-terminal to be had.
    """

    def __init__(self, *, interactive: bool) -> None:
        self.interactive = interactive
        self.master, self._slave = os.openpty()
        self._user = 0 if interactive else 1
        self._saved: list[Any] | None = None
        self._input = b""
        self._hung_up = False
        with contextlib.suppress(termios.error):
            self._set_up()
        self.resize()
        os.set_blocking(self.master, False)

    @property
    def slave(self) -> int:
        """What the command gets; it stays open here, so that the command may close its own."""
        return self._slave

    @property
    def attached(self) -> bool:
        """Whether the user's keys are read."""
        return self._saved is not None

    @property
    def could_attach(self) -> bool:
        """Whether keys would be read if mlrun came to the foreground."""
        return self.interactive and not self.attached and not self._hung_up

    @property
    def wants_keys(self) -> bool:
        """Whether the user's terminal is to be polled for reading."""
        return self.attached and len(self._input) < _INPUT_LIMIT

    @property
    def has_input(self) -> bool:
        """Whether typed keys wait for the command's terminal to take them."""
        return bool(self._input)

    @property
    def edits_lines(self) -> bool:
        """Whether the system, not the program, edits the lines that are typed."""
        with contextlib.suppress(termios.error):
            return bool(termios.tcgetattr(self._slave)[_LFLAG] & termios.ICANON)
        return False

    def _set_up(self) -> None:
        if not self.in_foreground():
            return  # what is set now is for the shell's own prompt
        attributes = termios.tcgetattr(self._user)
        if not self.interactive:
            # The user's terminal makes the line ends; doing it here too would double them.
            attributes[_OFLAG] &= ~termios.OPOST
        termios.tcsetattr(self._slave, termios.TCSANOW, attributes)

    def resize(self) -> None:
        """Give the command's terminal the size of the user's."""
        with contextlib.suppress(OSError):
            size = fcntl.ioctl(self._user, termios.TIOCGWINSZ, b"\0" * 8)
            fcntl.ioctl(self._slave, termios.TIOCSWINSZ, size)

    def attach(self) -> None:
        """Make the user's terminal raw, if mlrun is in its foreground."""
        if not self.could_attach or not self.in_foreground():
            return
        with contextlib.suppress(termios.error):
            saved = termios.tcgetattr(0)
            termios.tcsetattr(0, termios.TCSANOW, _raw(saved))
            self._saved = saved
            self.resize()

    def detach(self) -> None:
        """Restore the user's terminal, unless someone else has it now."""
        if self._saved is None:
            return
        saved, self._saved = self._saved, None
        if self.in_foreground():
            with contextlib.suppress(termios.error):
                termios.tcsetattr(0, termios.TCSANOW, saved)

    def reattach(self) -> None:
        """After a stop: someone else may have had the terminal, and changed it."""
        if self.attached and self.in_foreground():
            with contextlib.suppress(termios.error):
                termios.tcsetattr(0, termios.TCSANOW, _raw(termios.tcgetattr(0)))
        else:
            self._saved = None
            self.attach()
        self.resize()

    @contextlib.contextmanager
    def as_it_was(self) -> Iterator[None]:
        """Lend the user's terminal, with ordinary line ends, to a line of mlrun's own."""
        if self._saved is None:
            yield
            return
        with contextlib.suppress(termios.error):
            cooked = termios.tcgetattr(0)
            cooked[_OFLAG] = self._saved[_OFLAG]
            termios.tcsetattr(0, termios.TCSANOW, cooked)
        try:
            yield
        finally:
            with contextlib.suppress(termios.error):
                termios.tcsetattr(0, termios.TCSANOW, _raw(self._saved))

    def in_foreground(self) -> bool:
        """Return whether the terminal's keys are for mlrun."""
        try:
            return os.tcgetpgrp(0) == os.getpgrp()
        except OSError as error:
            # Not our controlling terminal: there is no job control on it.
            return error.errno == errno.ENOTTY

    def take_keys(self, leader: int) -> Keys:
        """Read what the user has typed and pass it on.

        Args:
            leader: Process group of the command.
        """
        try:
            data = os.read(0, 4096)
        except BlockingIOError:
            return Keys()
        except OSError:
            data = b""
        if not data:
            self._hung_up = True
            self._saved = None
            return Keys(hung_up=True)
        keys = self._meaning(data, leader)
        self._input += data
        self.pass_input()
        return keys

    def pass_input(self) -> None:
        """Give the command's terminal as much of the typed keys as it takes."""
        with contextlib.suppress(OSError):  # full, or the command is gone
            self._input = self._input[os.write(self.master, self._input) :]

    def _meaning(self, data: bytes, leader: int) -> Keys:
        try:
            attributes = termios.tcgetattr(self._slave)
            foreground = os.tcgetpgrp(self.master)
        except (termios.error, OSError):
            return Keys()
        flags, characters = attributes[_LFLAG], attributes[_CC]
        if not flags & termios.ISIG:
            return Keys()
        return Keys(
            interrupt=characters[termios.VINTR] in data and bool(flags & termios.ICANON),
            suspend=characters[termios.VSUSP] in data and foreground == leader,
        )

    def release_slave(self) -> None:
        """Let the output end when nothing but us has the command's terminal open."""
        if self._slave >= 0:
            os.close(self._slave)
            self._slave = -1

    def close(self) -> None:
        """Restore the user's terminal. The master belongs to the stream that reads it."""
        self.detach()
        self.release_slave()


def open_terminal(*, wanted: bool) -> Terminal | None:
    """Return a terminal for the command if mlrun's own output is one, else None.

    Where standard input is no terminal, it is data for the command and stays as it is; the
    output alone then goes through a pseudo-terminal.
    """
    if not wanted or sys.__stdout__ is None or not os.isatty(1):
        return None
    try:
        return Terminal(interactive=sys.__stdin__ is not None and os.isatty(0))
    except OSError:
        return None


def _raw(attributes: list[Any]) -> list[Any]:
    """Return attributes by which all passes unchanged (termios(3): cfmakeraw)."""
    raw = list(attributes)
    raw[_IFLAG] &= ~(
        termios.IGNBRK | termios.BRKINT | termios.PARMRK | termios.ISTRIP
        | termios.INLCR | termios.IGNCR | termios.ICRNL | termios.IXON
    )  # fmt: skip
    raw[_OFLAG] &= ~termios.OPOST
    raw[_LFLAG] &= ~(termios.ECHO | termios.ECHONL | termios.ICANON | termios.ISIG | termios.IEXTEN)
    raw[_CFLAG] = (raw[_CFLAG] & ~(termios.CSIZE | termios.PARENB)) | termios.CS8
    raw[_CC] = list(raw[_CC])
    raw[_CC][termios.VMIN] = 1
    raw[_CC][termios.VTIME] = 0
    return raw
