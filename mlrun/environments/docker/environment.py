"""The container that a project asks for."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mlrun.environments.base import PreparedEnvironment, Report
from mlrun.environments.docker.arguments import (
    DockerArguments,
    parse_arguments,
    without_secrets,
)
from mlrun.environments.docker.reference import is_image_name
from mlrun.environments.docker.variables import file_labels, project_variables, user_variables
from mlrun.environments.docker.volumes import project_volumes, together, user_volumes
from mlrun.environments.options import EnvironmentOptions
from mlrun.errors import Problem, ProjectError
from mlrun.hashing import hash_of
from mlrun.project.model import DockerEnv

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mlrun.environments.docker.image import Image
    from mlrun.execution.container.container import Container
    from mlrun.execution.container.engine import Engine

_OWN_INITS = frozenset({"tini", "dumb-init", "docker-init", "catatonit", "init", "s6-svscan"})
"""Entry points that want to be a container's first process themselves."""


class DockerEnvironment:
    """A container, from its specification and the user's options.

    All that can be checked without an engine is checked when it is made.

    Args:
        env: What the project asks for.
        options: `docker_args`, `build_image`, and what is known of the project.

    Raises:
        UsageError: An option for the container that is not known, or has no such value.
        ProjectError: A volume or a variable that cannot be understood.
    """

    manager = "docker"

    def __init__(self, env: DockerEnv, options: EnvironmentOptions) -> None:
        self._env = env
        self._options = options
        self._environ = dict(os.environ)
        self._folder = Path(os.path.abspath(options.folder))
        self._image_name = _checked_image(env)
        here = Path(os.path.abspath(options.cwd))
        self._arguments = parse_arguments(options.docker_args)
        given = user_variables(self._arguments, self._environ, here)
        own = project_variables(env.environment, self._environ, given, env.location)
        self._variables = {**own, **given}
        self._labels = file_labels(self._arguments, here)
        self._volumes = together(
            project_volumes(env.volumes, self._folder, self._environ, env.location),
            user_volumes(self._arguments.volumes, here, self._environ),
        )

    def digest(self) -> str | None:
        """Return the hash of image name, volumes, variables and options.

        Values that may be secret do not go into it: runs are tagged by what is made of it, and
        a short secret could be found by trying.
        """
        environment = sorted((name, _hash(value or "")) for name, value in self._env.environment)
        arguments = sorted(
            (name.lstrip("-"), _hash(value))
            for name, value in without_secrets(self._options.docker_args).items()
        )
        build = self._options.build_image
        return _hash([self._image_name, self._env.volumes, environment, arguments, build])

    def prepare(self, report: Report) -> PreparedEnvironment:
        """Find the image, fetch or build it; `container` of the result says what to make.

        Raises:
            EnvironmentBuildError: No engine, no such image, a build that failed.
        """
        from mlrun.environments.docker.failures import engine_failure
        from mlrun.execution.container.address import engine_address
        from mlrun.execution.container.engine import Engine, EngineError

        engine = Engine(engine_address(self._environ), self._environ)
        try:
            return self._prepare(engine, report)
        except EngineError as error:
            raise engine_failure(error, engine.address, self._env.location) from error

    def _prepare(self, engine: Engine, report: Report) -> PreparedEnvironment:
        from mlrun.environments.docker.image import foreign_processor

        info: Mapping[str, Any] = engine.call("GET", "/info") or {}
        base = self._base(engine, report)
        image = self._with_code(engine, base, report) if self._options.build_image else base
        self._make_folders(engine, report)
        container = self._container(engine, image, info)
        foreign = foreign_processor(base, info, self._env.location)
        is_asked_for = self._arguments.platform is not None
        return PreparedEnvironment(
            manager=self.manager,
            digest=self.digest(),
            container=container,
            tags={
                "mlflow.docker.image.uri": image.name,
                "mlflow.docker.image.id": image.id,
            },
            warnings=(
                *((foreign,) if foreign is not None and not is_asked_for else ()),
                *self._warnings(engine),
            ),
        )

    def _base(self, engine: Engine, report: Report) -> Image:
        from mlrun.environments.docker.image import obtain_image

        return obtain_image(
            engine,
            self._image_name,
            pull=self._arguments.pull,
            platform=self._arguments.platform,
            login=self._options.docker_auth,
            location=self._env.location,
            report=report,
        )

    def _with_code(self, engine: Engine, base: Image, report: Report) -> Image:
        from mlrun.environments.docker.building import obtain_project_image

        return obtain_project_image(
            engine, base, self._folder, self._options.project, self._env.location, report
        )

    def _make_folders(self, engine: Engine, report: Report) -> None:
        from mlrun.environments.docker.host import is_elsewhere
        from mlrun.environments.docker.volumes import make_folders

        if is_elsewhere(engine.address):
            return
        for folder in make_folders(self._volumes):
            report(f"made the folder {folder}, which a volume is for")

    def _warnings(self, engine: Engine) -> tuple[Problem, ...]:
        from mlrun.environments.docker.host import is_elsewhere, sees

        if self._options.build_image:
            return ()
        if is_elsewhere(engine.address):
            where = f"the container engine at {engine.address} is another machine's"
        elif not sees(engine, self._folder):
            where = "mlrun runs in a container of the same engine"
        else:
            return ()
        text = f"{where}: its machine is where the project's folder is looked for, at the same path"
        return (Problem(f"{text} (--build-image puts the code into the image instead)"),)

    def _container(self, engine: Engine, image: Image, info: Mapping[str, Any]) -> Container:
        from mlrun.environments.docker.host import reach_of
        from mlrun.environments.docker.proxies import proxy_variables
        from mlrun.execution.container.container import Container

        arguments = self._arguments
        reach = reach_of(engine, arguments.network, info, self._env.location)
        entrypoint = image.entrypoint if arguments.entrypoint is None else arguments.entrypoint
        body, variables = self._body(info, entrypoint)
        if _add_host(body["HostConfig"], reach.name, None if reach.is_given else reach.address):
            reach = reach._replace(name=None)
        return Container(
            engine=engine.address,
            image=image.id,
            image_name=image.name,
            entrypoint=entrypoint,
            mounts=self._mounts(),
            environment={
                **proxy_variables(self._environ, engine.address),
                **variables,
                **self._variables,
            },
            options=body,
            host_address=reach.address,
            host_name=reach.name,
            keeps=arguments.keeps,
        )

    def _mounts(self) -> tuple[Any, ...]:
        """Return the volumes, and the code's, unless the image or a volume has the code."""
        from mlrun.execution.container.container import WORK_FOLDER, Mount

        volumes = tuple(volume.mount for volume in self._volumes if volume.mount.source)
        has_code = self._options.build_image or any(m.target == WORK_FOLDER for m in volumes)
        return volumes if has_code else (Mount(str(self._folder), WORK_FOLDER), *volumes)

    def _body(
        self, info: Mapping[str, Any], entrypoint: tuple[str, ...]
    ) -> tuple[dict[str, Any], dict[str, str]]:
        """Return the body for the engine, and the variables of the user in the container."""
        from mlrun.environments.docker import user
        from mlrun.execution.container.container import WORK_FOLDER

        body = _copied(self._arguments)
        variables: dict[str, str] = {}
        if "User" not in body:
            own = user.user_body(info)
            variables = user.user_variables(own["User"], self._environ)
            body["User"] = own["User"]
            for name, value in own.get("HostConfig", {}).items():
                _add(body["HostConfig"], name, value)
        body.setdefault("WorkingDir", WORK_FOLDER)
        if _wants_init(info, body["HostConfig"], entrypoint):
            body["HostConfig"]["Init"] = True
        unnamed: dict[str, Any] = {v.mount.target: {} for v in self._volumes if not v.mount.source}
        if unnamed:
            body["Volumes"] = unnamed
        if self._labels:
            body["Labels"] = {**self._labels, **body.get("Labels", {})}
        if self._arguments.name is not None:
            body["Name"] = self._arguments.name
        return body, variables


def _checked_image(env: DockerEnv) -> str:
    name = env.image.strip()
    if is_image_name(name):
        return name
    hint = "write NAME, NAME:TAG or REGISTRY/NAME:TAG"
    if is_image_name(name.lower()):
        hint = f"names of images have no capital letters: {name.lower()}"
    raise ProjectError(f"{name!r} is no name of an image", location=env.location, hint=hint)


def _copied(arguments: DockerArguments) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(json.dumps(arguments.body))
    body.setdefault("HostConfig", {})
    return body


def _add(host: dict[str, Any], name: str, value: Any) -> None:
    """Set a value that the user has not set; lists are joined."""
    if isinstance(value, list):
        host[name] = [*host.get(name, ()), *value]
    else:
        host.setdefault(name, value)


def _add_host(host: dict[str, Any], name: str | None, address: str | None) -> bool:
    """Make this machine known by its name; returns whether the user gave that name to another."""
    if name is None:
        return False
    known = host.setdefault("ExtraHosts", [])
    if any(entry.partition(":")[0] == name for entry in known):
        return True
    if address is not None:
        known.append(f"{name}:{address}")
    return False


def _wants_init(
    info: Mapping[str, Any], host: Mapping[str, Any], entrypoint: tuple[str, ...]
) -> bool:
    """Return whether the engine's own first process is to stand before the command.

    Without one, a command that does not handle TERM is not ended by it.
    """
    first = entrypoint[0].rpartition("/")[2] if entrypoint else ""
    return (
        "Init" not in host
        and not host.get("PidMode")
        and bool(info.get("InitBinary"))
        and first not in _OWN_INITS
    )


def _hash(value: object) -> str:
    return hash_of(json.dumps(value, sort_keys=True, separators=(",", ":")))
