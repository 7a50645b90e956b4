"""Gather: the remote paths among a run's values, brought to this machine before it starts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field
from functools import partial

from mlrun.events import Event, EventKind, Listener
from mlrun.light_dataclass import dataclass
from mlrun.planning import BoundRun
from mlrun.project.parameters.binding import BoundValue
from mlrun.project.parameters.types import ParameterType
from mlrun.project.parameters.values import is_remote
from mlrun.request import RunRequest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mlrun.inputs.base import Input, InputRequest, Resolve

_LONGEST_NAME = 200
"""Signs of a parameter's name in a tag's, of which MLflow takes 250 in all."""


@dataclass(frozen=True)
class Gathered:
    """What was brought, for as long as the run needs it.

    Attributes:
        inputs: By the parameter's name.
        release: Lets go of it: from then on, it may be removed.
    """

    inputs: Mapping[str, Input] = field(default_factory=dict)
    release: Callable[[], None] = lambda: None

    @property
    def places(self) -> dict[str, str]:
        """Where each is on this machine, by the parameter's name."""
        return {name: str(found.path) for name, found in self.inputs.items()}

    @property
    def tags(self) -> dict[str, str]:
        """What the run records: which content it was, whatever the address holds later."""
        return {
            f"mlrun.input.{_tag_name(name)}": f"sha256:{found.digest}"
            for name, found in self.inputs.items()
            if found.digest is not None
        }


def _tag_name(parameter: str) -> str:
    """Return a parameter's name as every store takes it in a tag's.

    A server that refuses one tag would refuse the run's end with it.
    """
    plain = (sign if sign.isalnum() or sign in "_-." else "_" for sign in parameter)
    return "".join(plain)[:_LONGEST_NAME]


def gather(
    bound: BoundRun, request: RunRequest, environ: Mapping[str, str], listen: Listener
) -> Gathered:
    """Bring the remote paths among the values to this machine, or find them there.

    Raises:
        InputError: One cannot be had.
        TrackingError: The tracking store does not know it.
    """
    remote = [value for value in bound.values if _is_wanted(value, bound)]
    return _gather(remote, bound, request, environ, listen) if remote else Gathered()


def _is_wanted(value: BoundValue, bound: BoundRun) -> bool:
    """Return whether a value is a remote path, and no place that the command will write to."""
    if value.type is not ParameterType.PATH or not is_remote(value.text):
        return False
    entry_point = bound.project.entry_points.get(bound.plan.work.entry_point)
    declared = entry_point.parameters.get(value.name) if entry_point is not None else None
    return declared is None or declared.exists


def _gather(
    remote: list[BoundValue],
    bound: BoundRun,
    request: RunRequest,
    environ: Mapping[str, str],
    listen: Listener,
) -> Gathered:
    from contextlib import ExitStack

    from mlrun.inputs.fetch import fetch_input

    def report(line: str, *, passing: bool = False) -> None:
        listen(Event(EventKind.PROGRESS, line, {"phase": "gather", "passing": passing}))

    resolve = _resolver(bound, request, environ)
    inputs = {}
    with ExitStack() as held:
        for number, value in enumerate(remote):
            wanted = _input_request(value, number, request)
            found = held.enter_context(fetch_input(wanted, report, resolve))
            inputs[value.name] = found
            listen(_announced(found))
        return Gathered(inputs, held.pop_all().close)


def _resolver(bound: BoundRun, request: RunRequest, environ: Mapping[str, str]) -> Resolve:
    """Return what says where artifacts are: the run's own store, or the one it would have."""
    from mlrun.tracking.remote_artifacts import resolve_artifacts
    from mlrun.tracking.target import resolve_target

    target = bound.plan.delivery.tracking_uri
    if target is None:
        target = resolve_target(request.tracking_uri, request.cwd, environ)
    return partial(
        resolve_artifacts,
        target=target,
        environ=environ,
        asked=request.tracking_uri,
        offline=request.offline,
    )


def _input_request(value: BoundValue, number: int, request: RunRequest) -> InputRequest:
    from mlrun.inputs.base import InputRequest

    return InputRequest(
        value.name,
        number,
        value.text,
        storage=request.cwd / request.storage_dir if request.storage_dir is not None else None,
        offline=request.offline,
        location=value.location,
    )


def _announced(found: Input) -> Event:
    data = {
        "parameter": found.parameter,
        "uri": found.shown,
        "path": str(found.path),
        "bytes": found.size,
        "sha256": found.digest,
    }
    return Event(EventKind.GATHERED, f"{found.parameter}: {found.path}", data)
