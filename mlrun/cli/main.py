"""The command line's entry: the only place that prints an error or exits.

A command's module is imported when it is called, so that `--help` and each command pay only
for themselves.
"""

from __future__ import annotations

import errno
import gc
import sys
from collections.abc import Sequence
from importlib import import_module

import click

from mlrun.cli.streams import complete_streams, silence_stdout
from mlrun.errors import MlrunError
from mlrun.execution.interruption import Interrupted, exit_code_after

_COMMANDS = {
    "run": "Run a project.",
    "describe": "Show what a project can run, and with what.",
    "lint": "Find everything that is wrong in a project's files.",
    "init": "Write a project file for a folder with scripts.",
    "runs": "Look at the runs that were started on this machine.",
    "env": "Look after the environments that projects run in.",
    "lock": "Write down exactly what a project's environment is made of.",
    "cache": "Look after what is kept of fetched projects and data.",
    "sync": "Deliver what a tracking server has not got yet.",
    "ui": "Open MLflow's interface over the recorded runs.",
    "server": "Start an MLflow tracking server for a team.",
    "schema": "Print the JSON Schema of a file or a document.",
    "completion": "Print what makes a shell complete mlrun's words.",
}


class _Commands(click.Group):
    """The group of all commands; each is found in the module of its name."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in _COMMANDS:
            return None
        command: click.Command = import_module(f"mlrun.cli.{cmd_name}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and not args[0].startswith("-") and args[0] not in _COMMANDS:
            ctx.fail(_no_such_command(args[0]))
        return super().resolve_command(ctx, args)

    def format_commands(
        self,
        ctx: click.Context,  # noqa: ARG002
        formatter: click.HelpFormatter,
    ) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))


def _no_such_command(name: str) -> str:
    import difflib
    from pathlib import Path

    near = difflib.get_close_matches(name, _COMMANDS, n=1)
    if near:
        return f"no such command '{name}'. Did you mean '{near[0]}'?"
    if Path(name).exists():
        return f"no such command '{name}'. To run that project: mlrun run {name}"
    return f"no such command '{name}'. Commands: {', '.join(_COMMANDS)}"


def _version(ctx: click.Context, _param: click.Parameter, wanted: bool) -> None:
    if wanted:
        from mlrun._version import __version__

        click.echo(f"mlrun {__version__}")
        ctx.exit()


@click.group(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_version,
    help="Show mlrun's version and exit.",
)
def cli() -> None:
    """Run MLproject files: at once, in their environment, tracked in MLflow."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line, and exit.

    Args:
        arguments: The words after the program's name; those of the process if None.
    """
    code = exit_code_for(arguments)
    # On its way out, Python would look through all objects for what nobody needs: 25 ms.
    gc.disable()
    gc.freeze()
    sys.exit(code)


def exit_code_for(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code. Errors are printed here, and only here."""
    complete_streams()
    try:
        returned = cli.main(arguments, prog_name="mlrun", standalone_mode=False)
        sys.stdout.flush()
    except click.ClickException as error:
        return _report(error)
    except MlrunError as error:
        return _report(error)
    except (Interrupted, KeyboardInterrupt) as interruption:
        return exit_code_after(interruption)
    except click.Abort:
        return exit_code_after(KeyboardInterrupt())
    except OSError as error:
        if error.filename is not None or error.errno not in (errno.EPIPE, errno.ENOSPC):
            raise
        silence_stdout()
        return 1
    return returned if isinstance(returned, int) else 0


def _report(error: click.ClickException | MlrunError) -> int:
    """Print an error, and return its exit code."""
    if isinstance(error, click.BadParameter):
        from mlrun.cli.bad_values import from_elsewhere

        error = from_elsewhere(error) or error
    if isinstance(error, click.ClickException):
        error.show()
    else:
        from mlrun.cli.output import print_error

        print_error(error)
    return error.exit_code
