"""What a run's container gets: the command, and the variables and files that tracking needs.

The container sees nothing of this machine but what is given to it. So the values of `path`
parameters, a store that is a folder, certificates, and the credentials of the artifacts' store
are brought in here; the project's code and its volumes are there already.
"""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from mlrun.errors import CommandError
from mlrun.execution.container.container import WORK_FOLDER, Container, ContainerCommand, Mount
from mlrun.planning import ENCLOSING_RUN, BoundRun
from mlrun.project.command.shell.plain import plain_words
from mlrun.project.parameters.binding import resolve, secret_variables
from mlrun.project.parameters.types import ParameterType
from mlrun.project.parameters.values import is_remote
from mlrun.tracking.base import TrackedRun
from mlrun.tracking.local_artifacts import local_folder, may_hold_artifacts
from mlrun.tracking.target import is_on_loopback

_OF_THIS_MACHINE = (
    *("MLFLOW_TRACKING_URI", "MLFLOW_REGISTRY_URI", "MLFLOW_ENV_ROOT", "MLFLOW_CONDA_HOME"),
    *("MLFLOW_CONDA_CREATE_ENV_CMD", "MLFLOW_EXPERIMENT_ID", "MLFLOW_EXPERIMENT_NAME"),
    *("MLFLOW_RUN_ID", "MLFLOW_TRACKING_SERVER_CERT_PATH", "MLFLOW_TRACKING_CLIENT_CERT_PATH"),
)
"""MLflow's variables that are not simply handed on: places here, and what the run decides."""

_CERTIFICATES = ("MLFLOW_TRACKING_SERVER_CERT_PATH", "MLFLOW_TRACKING_CLIENT_CERT_PATH")
_BUNDLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")
"""Where a client on this machine would look for authorities, in this order."""

_STORES = {
    "s3": ("AWS_", "MLFLOW_S3_"),
    "gs": ("GOOGLE_", "GCLOUD_", "CLOUDSDK_"),
    "wasb": ("AZURE_",),
    "wasbs": ("AZURE_",),
    "abfss": ("AZURE_",),
    "hdfs": ("MLFLOW_HDFS_", "MLFLOW_KERBEROS_", "HADOOP_", "KRB5"),
    "viewfs": ("MLFLOW_HDFS_", "MLFLOW_KERBEROS_", "HADOOP_", "KRB5"),
}
"""The beginnings of the variables by which a client gets at each kind of artifacts' store."""

_AWS_FILES = {"AWS_SHARED_CREDENTIALS_FILE": "credentials", "AWS_CONFIG_FILE": "config"}
"""The variables that name the files of `~/.aws`, where they are not there."""

_FILES = {
    "s3": (*_AWS_FILES, "AWS_CA_BUNDLE", "AWS_WEB_IDENTITY_TOKEN_FILE"),
    "gs": ("GOOGLE_APPLICATION_CREDENTIALS",),
    "hdfs": ("MLFLOW_KERBEROS_TICKET_CACHE",),
    "viewfs": ("MLFLOW_KERBEROS_TICKET_CACHE",),
}
"""Those of these variables that name a file."""

_AWS_FOLDER = "/.aws"

_SHELLS = re.compile(r"(?:ba|da|z)?sh")
_INTERPRETERS = re.compile(rf"python[\d.]*|Rscript|julia|node|perl|ruby|{_SHELLS.pattern}")
"""Programs that take a script's name and its arguments, by their file's name."""

_ONE_WORD = re.compile(r"-[a-z]*c")
"""The option of shells after which the whole command is one word."""

_SHELL = 'command -v bash >/dev/null 2>&1 && exec bash -c "$1"; exec sh -c "$1"'
_IN_SHELL = ("sh", "-c", _SHELL, "mlrun")
"""Runs the word after it by bash where the image has it, as on this machine; else by sh."""


def container_command(
    bound: BoundRun,
    container: Container,
    tracked: TrackedRun,
    environ: Mapping[str, str],
    gathered: Mapping[str, str],
    *,
    serves_artifacts: bool,
) -> ContainerCommand:
    """Return the run's command for its container.

    Args:
        bound: What is run.
        container: What was prepared for it.
        tracked: The run, with the variables by which the container finds it.
        environ: The user's variables.
        gathered: Where its remote paths are on this machine, by the parameter's name.
        serves_artifacts: Whether a gateway stands before the folder with the artifacts.

    Raises:
        CommandError: A value cannot be put into its place safely.
    """
    places = dict(_places(bound, gathered))
    found = [Mount(str(source), target) for source, target in _given_files(bound, places)]
    variables = _variables(bound, tracked, environ)
    if not serves_artifacts:
        target = bound.plan.delivery.tracking_uri or ""
        found += (Mount(str(f), str(f)) for f in _folders_of_store(target, tracked, environ))
    for mount, further in (
        *_certificates(tracked, environ),
        *_credential_files(tracked, environ),
    ):
        found.append(mount)
        variables |= further
    own = {k: v for k, v in container.environment.items() if k not in tracked.unset}
    command = bound.render({name: target for name, (_, target) in places.items()})
    entrypoint, argv = _started(container.entrypoint, command)
    return ContainerCommand(
        container=container._replace(entrypoint=entrypoint),
        argv=argv,
        environment={**variables, **own, **secret_variables(bound.values), **tracked.variables},
        mounts=_without_doubles((*container.mounts, *found)),
        name=str(container.options.get("Name") or f"mlrun-{tracked.run_id}"),
    )


def _started(entrypoint: tuple[str, ...], command: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the image's entry point and the words after it, by which the command starts.

    Most entry points execute what follows them. An interpreter (`["python"]`) takes a script: it
    is put before the command, into the shell. And a shell (`["/bin/bash", "-c"]`) takes the
    command as one word: of several it would run the first alone.
    """
    if len(entrypoint) > 1 and _is_one(_SHELLS, entrypoint) and _ONE_WORD.fullmatch(entrypoint[-1]):
        return entrypoint, (command,)
    words = plain_words(command)
    if words is not None:
        return entrypoint, words
    options = entrypoint[1:]
    if _is_one(_INTERPRETERS, entrypoint) and all(re.match("-(?!m$)", o) for o in options):
        return (), (*_IN_SHELL, f"{shlex.join(entrypoint)} {command.lstrip()}")
    return entrypoint, (*_IN_SHELL, command)


def _is_one(programs: re.Pattern[str], entrypoint: tuple[str, ...]) -> bool:
    return bool(entrypoint) and programs.fullmatch(entrypoint[0].rpartition("/")[2]) is not None


def _places(bound: BoundRun, gathered: Mapping[str, str]) -> Iterator[tuple[str, tuple[Path, str]]]:
    """Yield the local paths among the values: name, place here, place in the container."""
    folder = bound.checkout.path
    texts = {**resolve(bound.values), **gathered}
    for value in bound.values:
        name, text = value.name, texts[value.name]
        if value.type is not ParameterType.PATH or is_remote(text):
            continue
        path = Path(text)
        try:
            inside = path.relative_to(folder)
        except ValueError:
            yield name, (path, str(path))
        else:
            yield name, (path, os.path.normpath(f"{WORK_FOLDER}/{inside.as_posix()}"))


def _given_files(
    bound: BoundRun, places: Mapping[str, tuple[Path, str]]
) -> Iterator[tuple[Path, str]]:
    """Yield what was given from outside the project: it is mounted at its own path.

    Of what the command is yet to write, the folder is mounted that it will be in.

    Raises:
        CommandError: That folder is not there.
    """
    for name, (path, target) in places.items():
        if target != str(path) or path.is_relative_to(bound.checkout.path):
            continue
        mounted = path if path.exists() else path.parent
        if not mounted.is_dir() and not path.exists():
            raise CommandError(
                f"the folder of the path '{name}', {str(mounted)!r}, is not there, so a container"
                " can write nothing to it",
                location=bound.template.location,
                hint=f"make it: mkdir -p {shlex.quote(str(mounted))}",
            )
        yield mounted, str(mounted)


def _variables(bound: BoundRun, tracked: TrackedRun, environ: Mapping[str, str]) -> dict[str, str]:
    """Return what the container gets of the user's variables, and who started it."""
    prefixes = ("MLFLOW_", *_STORES.get(_scheme(tracked.artifact_uri), ()))
    kept = {
        name: value
        for name, value in environ.items()
        if name.startswith(prefixes)
        and name not in _OF_THIS_MACHINE
        and name not in tracked.unset
        and not name.startswith("MLFLOW_TRACKING_AUTH")
    }
    if bound.plan.delivery.tracking_uri is not None:
        kept[ENCLOSING_RUN] = tracked.run_id
    return kept


def _scheme(uri: str | None) -> str:
    return (uri or "").partition("://")[0].lower() if "://" in (uri or "") else ""


def _folders_of_store(
    target: str, tracked: TrackedRun, environ: Mapping[str, str]
) -> Iterator[Path]:
    """Yield the folder of a store that is one, and that of artifacts on this machine.

    A server elsewhere may name a folder of its own machine, which is not made here. And no
    server's word is enough to give a container the system's files, or the user's own.
    """
    store = local_folder(target)
    artifacts = _artifact_root(tracked)
    if store is None and artifacts is not None and not may_hold_artifacts(artifacts, environ):
        artifacts = None
    if artifacts is not None and (store is not None or is_on_loopback(target)):
        with suppress(OSError):
            artifacts.mkdir(parents=True, exist_ok=True)
    yield from (folder for folder in (store, artifacts) if folder is not None and folder.is_dir())


def _artifact_root(tracked: TrackedRun) -> Path | None:
    """Return the folder with the artifacts of the run's experiment, if it is on this machine."""
    root, ending, _ = (tracked.artifact_uri or "").partition(f"/{tracked.run_id}/artifacts")
    return local_folder(root) if ending else None


def _certificates(
    tracked: TrackedRun, environ: Mapping[str, str]
) -> Iterator[tuple[Mount, dict[str, str]]]:
    """Yield the files that a client needs to trust the server and to be trusted by it."""
    if not tracked.variables.get("MLFLOW_TRACKING_URI", "").startswith("https:"):
        return
    for name in _CERTIFICATES:
        if environ.get(name) and name not in tracked.unset:
            yield _read_only(environ[name]), {name: os.path.abspath(environ[name])}
    given = next((environ[name] for name in _BUNDLES if environ.get(name)), None)
    if given is not None and not environ.get(_CERTIFICATES[0]):
        yield _read_only(given), {_CERTIFICATES[0]: os.path.abspath(given)}


def _credential_files(
    tracked: TrackedRun, environ: Mapping[str, str]
) -> Iterator[tuple[Mount, dict[str, str]]]:
    """Yield the files with credentials for the artifacts' store."""
    scheme = _scheme(tracked.artifact_uri)
    for name in _FILES.get(scheme, ()):
        file = environ.get(name)
        if file and Path(file).exists():
            yield _read_only(file), {name: os.path.abspath(file)}
    folder = Path(environ.get("HOME", "/")) / ".aws"
    if scheme == "s3" and folder.is_dir():
        mount = Mount(str(folder), _AWS_FOLDER, ("ro",))
        files = {n: f"{_AWS_FOLDER}/{f}" for n, f in _AWS_FILES.items() if not environ.get(n)}
        yield mount, files


def _read_only(file: str) -> Mount:
    path = os.path.abspath(file)
    return Mount(path, path, ("ro",))


def _without_doubles(mounts: tuple[Mount, ...]) -> tuple[Mount, ...]:
    """Leave one mount for each place: an engine refuses two. The first one is the user's."""
    return tuple({mount.target: mount for mount in reversed(mounts)}.values())[::-1]
