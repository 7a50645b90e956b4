"""Secrets: values that are named by a file or a variable, and shown nowhere.

A value is read once, when it is bound: what names it may be a pipe. It reaches the command as a
variable of its environment.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

from mlrun.project.model import Parameter
from mlrun.project.parameters.values import misfit

_MOST_BYTES = 1 << 17
"""What Linux takes as one variable, its name and end included (MAX_ARG_STRLEN)."""

_NAME = re.compile(r"[A-Z_][A-Z0-9_]*")
_ENV = "env:"
_OWNED = ("BASH_", "DYLD_", "LC_", "LD_", "MLFLOW_", "MLRUN_", "PYTHON")
"""How the variables begin that are mlrun's, MLflow's, the loader's or another program's own."""

_OWNED_NAMES = frozenset(
    {
        *(
            "BASH",
            "BASHOPTS",
            "BASHPID",
            "CDPATH",
            "COLUMNS",
            "CONDA_PREFIX",
            "DIRSTACK",
            "ENV",
            "EPOCHREALTIME",
        ),
        *("EPOCHSECONDS", "EUID", "FUNCNAME", "GLOBIGNORE", "GROUPS", "HISTFILE", "HOME"),
        *("HOSTNAME", "HOSTTYPE", "IFS", "LANG", "LANGUAGE", "LINENO", "LINES", "LOGNAME"),
        *("MACHTYPE", "MAILPATH", "NLSPATH", "OLDPWD", "OPTARG", "OPTERR", "OPTIND", "OSTYPE"),
        *("PATH", "PIPESTATUS", "PPID", "PS0", "PS1", "PS2", "PS3", "PS4", "PWD", "RANDOM"),
        *("REPLY", "SECONDS", "SHELL", "SHELLOPTS", "SHLVL", "SRANDOM", "TERM", "TMOUT"),
        *("TMPDIR", "TZ", "UID", "USER", "VIRTUAL_ENV", "_"),
    }
)


class UnreadableSecretError(Exception):
    """What a reference names cannot be had; the message goes on from the reference.

    Args:
        message: What is wrong, without anything of the secret.
        hint: What to do.
    """

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


def is_reference(text: str) -> bool:
    """Return whether a text names a secret (`@FILE`, `env:NAME`), and is not one itself."""
    return text.startswith(("@", _ENV)) and text not in ("@", _ENV)


def how_to_name(name: str) -> str:
    """Return what to write for the value of a secret parameter, as a hint."""
    return (
        f"write it to a file that only you can read, and give -P {name}=@FILE; "
        f"or -P {name}=env:NAME for what the variable NAME holds"
    )


def variable_of(name: str) -> str:
    """Return the variable in which the command finds a secret parameter."""
    return name.upper().replace("-", "_")


def refusal_of(name: str) -> str | None:
    """Return why a secret parameter cannot have this name, None if it can."""
    variable = variable_of(name)
    if not _NAME.fullmatch(variable):
        return f"{variable!r} can be the name of no variable"
    if variable in _OWNED_NAMES or variable.startswith(_OWNED):
        return f"the variable {variable} has a meaning of its own"
    return None


def is_relative_file(text: str) -> bool:
    """Return whether a reference names a file that is relative to some folder."""
    return text.startswith("@") and not _path(text).is_absolute()


def read_secret(text: str, base: Path | None, environ: Mapping[str, str]) -> str:
    """Return the secret that a reference names.

    Args:
        text: `@FILE` or `env:NAME`.
        base: What a relative file is relative to.
        environ: The user's variables.

    Raises:
        UnreadableSecretError: There is none, or it is nothing that a variable can hold.
    """
    if text.startswith(_ENV):
        return _from_variable(text[len(_ENV) :], environ)
    path = _path(text)
    return _from_file(path if base is None else base / path)


def misfit_of(parameter: Parameter, secret: str) -> str | None:
    """Return what is wrong with a secret as a value of its parameter, without a word of it."""
    wrong = misfit(parameter.type, secret)
    if wrong is not None or parameter.pattern is None:
        return wrong
    from mlrun.project.parameters.constraints import violation

    is_wrong = violation(parameter, secret) is not None
    return f"does not match the pattern {parameter.pattern}" if is_wrong else None


def _path(text: str) -> Path:
    return Path(os.path.expanduser(text[1:]))  # noqa: PTH111 - an unknown user is no error here


def _from_variable(name: str, environ: Mapping[str, str]) -> str:
    secret = environ.get(name)
    if secret:
        return secret
    if secret is None:
        raise UnreadableSecretError("which is not set", f"set the variable {name!r}")
    raise UnreadableSecretError("which is empty", f"give the variable {name!r} a value")


def _from_file(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            data = stream.read(_MOST_BYTES + 1)
    except OSError as error:
        reason = (error.strerror or "it cannot be read").lower()
        raise UnreadableSecretError(
            f"which cannot be read ({reason})", f"there must be a file {str(path)!r}"
        ) from None
    except ValueError:
        raise UnreadableSecretError("which is no path", "name a file") from None
    if len(data) > _MOST_BYTES:
        raise UnreadableSecretError(
            "which holds more than a variable can", f"no more than {_MOST_BYTES >> 10} KiB"
        )
    return _decoded(data)


def _decoded(data: bytes) -> str:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        raise UnreadableSecretError("which is no text", "encode it first, say with base64")
    secret = text.removesuffix("\n").removesuffix("\r")
    if not secret:
        raise UnreadableSecretError("which is empty", "write the value to it")
    return secret
