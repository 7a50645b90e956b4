"""From a request to a plan: fetch, load, bind. Nothing is built, started or recorded here."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping

from mlrun.backends.base import Backend
from mlrun.backends.config import read_backend_config
from mlrun.backends.registry import backend_named
from mlrun.environments.base import EnvironmentKind
from mlrun.environments.options import EnvironmentOptions
from mlrun.environments.select import choose_environment
from mlrun.environments.solved import SolvedEnvironment
from mlrun.errors import MlrunError, Problem, UsageError
from mlrun.light_dataclass import dataclass
from mlrun.plan import PROJECT, Delivery, Plan, PlanEnvironment, PlanParameter, PlanSource, Work
from mlrun.project.command.template import CommandTemplate, parse_command, render_command
from mlrun.project.load import find_entry_point, load_project
from mlrun.project.model import DockerEnv, EntryPoint, Environment, Project
from mlrun.project.parameters.binding import BoundValue, bind, command_values, recorded_text
from mlrun.request import LONGEST_TIME, RunRequest
from mlrun.sources.base import Checkout, FetchRequest, Provenance, Report, ignore
from mlrun.sources.fetch import fetch
from mlrun.sources.naming import named_by_address, renamed
from mlrun.tracking.target import resolve_target

TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import datetime

    from mlrun.sources.provenance import ProvenanceProbe

LOCK_FILE = "mlrun.lock"

ENCLOSING_RUN = "MLRUN_RUN_ID"
"""The variable in which a run's command, and so a nested mlrun, finds the run's id."""


@dataclass(frozen=True)
class BoundRun:
    """A plan with all that was looked up to make it.

    Attributes:
        plan: What will be done.
        checkout: The project's folder.
        provenance: What git says about it.
        project: The loaded project.
        template: The entry point's command.
        values: The checked values, as given.
        absent: Names of optional parameters without a value.
        environment: What the command will run in.
        backend: Where it will run.
        warnings: What is suspicious.
    """

    plan: Plan
    checkout: Checkout
    provenance: Provenance | None
    project: Project
    template: CommandTemplate
    values: tuple[BoundValue, ...]
    environment: EnvironmentKind
    backend: Backend
    warnings: tuple[Problem, ...]
    absent: tuple[str, ...] = ()

    def render(self, places: Mapping[str, str] | None = None) -> str:
        """Return the command with its values, for a shell.

        Args:
            places: Other texts for the paths among the values, by name: those in a container.

        Raises:
            CommandError: A value cannot be put into its place safely.
        """
        found = {**command_values(self.values, self.absent), **(places or {})}
        undeclared = [
            (value.name, value.text) for value in self.values if _is_extra(self.template, value)
        ]
        return render_command(self.template, found, undeclared)


def _is_extra(template: CommandTemplate, value: BoundValue) -> bool:
    return value.type is None and value.name not in template.placeholders


def bind_run(request: RunRequest, environ: Mapping[str, str], report: Report = ignore) -> BoundRun:
    """Decide all of a run, and check all that can be checked before anything is started.

    Whoever gets the result releases its checkout when the run has ended.

    Args:
        request: What the user asks for.
        environ: The user's environment variables.
        report: Takes lines about how the project is fetched.

    Raises:
        MlrunError: The request, the project, or a value is wrong; or something that is
            named cannot be done.
    """
    _refuse_contradictions(request)
    backend = backend_named(request.backend)
    checkout = fetch(_fetch_request(request), report)
    try:
        with named_by_address(checkout):
            return _bind_checkout(request, environ, checkout, backend)
    except BaseException:
        checkout.release(keep=request.keep_workdir)
        if request.keep_workdir and not checkout.is_in_place:
            report(f"the working folder is kept: {checkout.path}")
        raise


def _fetch_request(request: RunRequest) -> FetchRequest:
    return FetchRequest(
        uri=request.uri,
        version=request.version,
        cwd=request.cwd,
        offline=request.offline,
        may_ask=request.terminal and os.isatty(0) and os.isatty(2),
    )


def _bind_checkout(
    request: RunRequest, environ: Mapping[str, str], checkout: Checkout, backend: Backend
) -> BoundRun:
    probe = _start_probe(checkout)
    try:
        project = load_project(checkout.path)
        entry_point = find_entry_point(project, request.entry_point)
        binding = bind(
            entry_point,
            given=request.parameters,
            params_file=request.params_file,
            cwd=request.cwd,
            project_folder=checkout.path,
            environ=environ,
        )
        template = _template(entry_point, binding.values)
        asked = entry_point.environments or project.environments
        options = environment_options(request, project)
        environment = choose_environment(asked, options)
    except BaseException:
        if probe is not None:
            probe.abandon()
        raise
    provenance = probe.collect() if probe is not None else checkout.provenance
    warnings = (*project.lints, *binding.warnings, *template.warnings)
    bound = BoundRun(
        plan=Plan(
            work=_work(
                project,
                checkout,
                provenance,
                entry_point,
                template,
                binding.values,
                _plan_environment(environment, asked, options),
            ),
            delivery=_delivery(request, environ),
        ),
        checkout=checkout,
        provenance=provenance,
        project=project,
        template=template,
        values=binding.values,
        absent=binding.absent,
        environment=environment,
        backend=backend,
        warnings=(
            *(renamed(w, checkout) for w in warnings),
            *_idle_options(request, environment),
            *_unused_lock(options, environment),
        ),
    )
    bound.render()
    return bound


def environment_options(request: RunRequest, project: Project) -> EnvironmentOptions:
    """Return what is asked of the environment, with the lock and the date that it may need.

    Raises:
        UsageError: `as_of` is no date.
        ProjectError: The project's lock cannot be understood.
    """
    lock = None
    if request.locked or os.access(project.folder / LOCK_FILE, os.F_OK):
        from mlrun.environments.lock.document import read_project_lock

        lock = read_project_lock(project.folder)
    return EnvironmentOptions(
        manager=request.env_manager,
        exact_python=request.exact_python,
        existing=None if request.environment is None else request.cwd / request.environment,
        conda_exe=request.conda_exe,
        as_of=None if request.as_of is None else _moment(request.as_of, project),
        locked=request.locked,
        lock=lock,
        folder=project.folder,
        project=project.name,
        cwd=request.cwd,
        docker_args=request.docker_args,
        build_image=request.build_image,
        docker_auth=request.docker_auth,
    )


def _moment(as_of: str, project: Project) -> datetime:
    if as_of != "commit":
        from datetime import datetime, timezone

        from mlrun.environments.lock.dates import parse_as_of

        return parse_as_of(as_of, datetime.now(timezone.utc))
    from mlrun.sources.git.local.commit_date import commit_date

    date = commit_date(project.folder)
    if date is None:
        raise UsageError(
            "--as-of commit needs a project with a commit, and this one has none",
            hint="give a date, such as --as-of 2023-05-01",
        )
    return date


def _plan_environment(
    kind: EnvironmentKind, asked: tuple[Environment, ...], options: EnvironmentOptions
) -> PlanEnvironment:
    digest = kind.digest()
    if kind.manager == "docker":
        image = next((e.image for e in asked if isinstance(e, DockerEnv)), None)
        from mlrun.environments.docker.arguments import without_secrets

        arguments = without_secrets(options.docker_args)
        return PlanEnvironment("docker", digest, image=image, docker_args=arguments)
    if not isinstance(kind, SolvedEnvironment):
        return PlanEnvironment(kind.manager, digest)
    as_of = kind.as_of.isoformat() if kind.as_of is not None else None
    return PlanEnvironment(kind.manager, digest, as_of=as_of, locked=kind.pinned is not None)


def _start_probe(checkout: Checkout) -> ProvenanceProbe | None:
    """Ask git about a project in place; of one that was fetched all is known."""
    if not checkout.is_in_place:
        return None
    from mlrun.sources.provenance import start_probe

    return start_probe(checkout.path)


def _refuse_contradictions(request: RunRequest) -> None:
    if request.experiment_name is not None and request.experiment_id is not None:
        raise UsageError("give an experiment by its name or by its id, not both")
    if request.run_id is not None and request.parent_run_id is not None:
        raise UsageError(
            "a run that is continued keeps its parent",
            hint="leave out --parent-run-id, or start a new run without --run-id",
        )
    if not request.tracking and (request.tracking_uri or request.run_id):
        raise UsageError(
            "--no-tracking records nothing, so it excludes --tracking-uri and --run-id"
        )
    for name, seconds in (
        ("grace_period", request.grace_period),
        ("flush_timeout", request.flush_timeout),
    ):
        if not 0 <= seconds <= LONGEST_TIME:
            raise UsageError(
                f"{name} must be a number of seconds from 0 to {LONGEST_TIME}, not {seconds}"
            )
    if request.best_effort and request.run_id is not None:
        raise UsageError(
            "a run can only be continued where it is: --run-id excludes --tracking best-effort"
        )


def _idle_options(request: RunRequest, environment: EnvironmentKind) -> tuple[Problem, ...]:
    manager = environment.manager
    in_container = (("--docker-args", request.docker_args), ("--build-image", request.build_image))
    made = (("--as-of", request.as_of), ("--locked", request.locked))
    warnings: list[Problem] = []
    if manager != "docker":
        no_container = "has no effect: the project runs in no container"
        warnings += [Problem(f"{flag} {no_container}") for flag, given in in_container if given]
    if manager in ("docker", "local"):
        not_made = "has no effect: mlrun makes no environment for this project"
        warnings += [Problem(f"{flag} {not_made}") for flag, given in made if given]
    elif request.as_of is not None and not isinstance(environment, SolvedEnvironment):
        warnings.append(Problem("--as-of has no effect: the project's uv.lock says what it is"))
    if manager == "docker" and request.environment is not None:
        warnings.append(Problem("--env has no effect: the project runs in a container"))
    if request.backend_config and read_backend_config(request.backend_config, request.cwd):
        warnings.append(Problem(f"--backend-config has no effect on '{request.backend}'"))
    return tuple(warnings)


def _unused_lock(options: EnvironmentOptions, kind: EnvironmentKind) -> Iterator[Problem]:
    """Yield a warning where the project's lock says nothing about what it asks for now."""
    if options.lock is None or not isinstance(kind, SolvedEnvironment) or kind.pinned is not None:
        return
    from mlrun.environments.lock.fitting import unfitting

    problem = unfitting(options.lock, kind)
    if problem is not None:
        yield problem


def _template(entry_point: EntryPoint, values: tuple[BoundValue, ...]) -> CommandTemplate:
    known = tuple(dict.fromkeys((*entry_point.parameters, *(value.name for value in values))))
    template = parse_command(entry_point.command, known, entry_point.location)
    flags = [name for name, each in entry_point.parameters.items() if each.flag is not None]
    if flags:
        from mlrun.project.command.gaps import check_flags

        check_flags(template, flags)
    return template


def _work(
    project: Project,
    checkout: Checkout,
    provenance: Provenance | None,
    entry_point: EntryPoint,
    template: CommandTemplate,
    values: tuple[BoundValue, ...],
    environment: PlanEnvironment,
) -> Work:
    return Work(
        source=PlanSource(
            uri=checkout.uri,
            commit=provenance.commit if provenance else None,
            branch=provenance.branch if provenance else None,
            repo_url=provenance.repo_url if provenance else None,
            dirty=provenance.dirty if provenance else None,
            digest=checkout.digest,
        ),
        project=project.name,
        entry_point=entry_point.name,
        parameters=tuple(_plan_parameter(value, checkout) for value in values),
        command=template.text,
        environment=environment,
    )


def _plan_parameter(value: BoundValue, checkout: Checkout) -> PlanParameter:
    is_of_this_run = not checkout.is_in_place and value.base == checkout.path
    base = PROJECT if is_of_this_run else str(value.base) if value.base is not None else None
    return PlanParameter(
        name=value.name,
        type=value.type.value if value.type is not None else None,
        value=recorded_text(value),
        origin=value.source.value,
        base=base,
    )


def _delivery(request: RunRequest, environ: Mapping[str, str]) -> Delivery:
    if not request.tracking:
        return Delivery(tracking_uri=None, run_name=request.run_name, tags=dict(request.tags))
    name, identifier = _experiment(request, environ)
    target = resolve_target(request.tracking_uri, request.cwd, environ)
    return Delivery(
        tracking_uri=target,
        experiment_name=name,
        experiment_id=identifier,
        run_name=request.run_name,
        parent_run_id=_parent(request, target, environ),
        tags=dict(request.tags),
        log_parameters=request.log_params,
        backend=request.backend,
    )


def _experiment(request: RunRequest, environ: Mapping[str, str]) -> tuple[str | None, str | None]:
    """Return name and id; flags come before variables, as MLflow's command line has it."""
    if request.experiment_name is not None or request.experiment_id is not None:
        return request.experiment_name, request.experiment_id
    name = environ.get("MLFLOW_EXPERIMENT_NAME") or None
    identifier = environ.get("MLFLOW_EXPERIMENT_ID") or None
    return (name, None) if identifier is None else (None, identifier)


def _parent(request: RunRequest, target: str, environ: Mapping[str, str]) -> str | None:
    """Return the run to nest in: the one asked for, or the one that this process is part of."""
    if request.parent_run_id is not None or request.run_id is not None:
        return request.parent_run_id
    enclosing = environ.get("MLFLOW_RUN_ID") or environ.get(ENCLOSING_RUN) or None
    if enclosing is None or request.tracking_uri is None:
        return enclosing
    try:
        is_recorded_there = resolve_target(None, request.cwd, environ) == target
    except MlrunError:
        return None
    return enclosing if is_recorded_there else None
