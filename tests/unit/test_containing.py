"""What a container gets of a run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from mlrun.containing import container_command
from mlrun.execution.container.container import Container, ContainerCommand, Mount
from mlrun.planning import bind_run
from mlrun.request import RunRequest
from mlrun.tracking.base import TrackedRun

RUN = "0123456789abcdef0123456789abcdef"
CODE = Mount("/p", "/mlflow/projects/code")


def container(**changes: object) -> Container:
    plain = Container(
        engine="unix:///nowhere",
        image="sha256:1",
        image_name="image:1",
        entrypoint=(),
        mounts=(CODE,),
        environment={},
        options={},
    )
    return plain._replace(**changes)  # type: ignore[arg-type]


def tracked(uri: str, artifacts: str | None = None, **variables: str) -> TrackedRun:
    named = {"MLFLOW_TRACKING_URI": uri, "MLFLOW_RUN_ID": RUN, **variables}
    return TrackedRun(RUN, "1", None, artifacts, named, unset=("MLFLOW_EXPERIMENT_NAME",))


@pytest.fixture
def made(tmp_path: Path) -> Callable[..., ContainerCommand]:
    project = tmp_path / "project"
    (project / "data").mkdir(parents=True)
    (tmp_path / "given file.csv").write_text("1")
    (project / "MLproject").write_text(
        "entry_points:\n"
        "  main:\n"
        "    parameters:\n"
        "      inside: {type: path, default: data}\n"
        "      outside: {type: path, default: data}\n"
        "      word: {type: string, default: plain}\n"
        "    command: train {inside} {outside} {word}\n"
        "  shell: {command: cd data && pwd}\n"
    )

    def make(
        run: TrackedRun,
        environ: Mapping[str, str] | None = None,
        *,
        entry_point: str = "main",
        tracking_uri: str | None = None,
        serves_artifacts: bool = False,
        box: Container | None = None,
        gathered: Mapping[str, str] | None = None,
        **parameters: str,
    ) -> ContainerCommand:
        request = RunRequest(
            uri=str(project),
            entry_point=entry_point,
            parameters=parameters,
            cwd=tmp_path,
            tracking_uri=tracking_uri or f"sqlite:///{tmp_path}/mlflow.db",
        )
        bound = bind_run(request, {})
        return container_command(
            bound,
            box or container(),
            run,
            environ or {},
            gathered or {},
            serves_artifacts=serves_artifacts,
        )

    return make


Make = Callable[..., ContainerCommand]


def test_paths_of_the_project_are_those_in_the_container(made: Make) -> None:
    command = made(tracked("http://gateway"))
    assert command.argv == (
        "train", "/mlflow/projects/code/data", "/mlflow/projects/code/data", "plain"
    )  # fmt: skip
    assert command.mounts == (CODE,)


def test_a_path_from_elsewhere_is_mounted_at_its_own_place(made: Make, tmp_path: Path) -> None:
    word = "a b; 'c' \"d\" $HOME\n é"
    command = made(tracked("http://gateway"), outside="given file.csv", word=word)
    file = str(tmp_path / "given file.csv")
    assert command.argv == ("train", "/mlflow/projects/code/data", file, word)
    assert Mount(file, file) in command.mounts


def test_a_remote_path_is_mounted_where_its_copy_is(made: Make, tmp_path: Path) -> None:
    copy = tmp_path / "cache" / "rows.csv"
    copy.parent.mkdir()
    copy.write_text("1")
    # It is not looked for before it is brought, so any text stands for the address here.
    command = made(tracked("http://gateway"), gathered={"outside": str(copy)})
    assert command.argv[2] == str(copy)
    assert Mount(str(copy), str(copy)) in command.mounts


def test_what_needs_a_shell_runs_wholly_in_the_containers(made: Make) -> None:
    command = made(tracked("http://gateway"), entry_point="shell")
    assert command.argv[:2] == ("sh", "-c")
    assert command.argv[-1] == "cd data && pwd"


@pytest.mark.parametrize(
    "entrypoint",
    [("python",), ("/usr/bin/python3.11", "-u"), ("/bin/sh",), ("Rscript", "--vanilla")],
)
def test_an_interpreter_as_entry_point_takes_the_script_also_in_a_shell(
    made: Make, entrypoint: tuple[str, ...]
) -> None:
    box = container(entrypoint=entrypoint)
    plain = made(tracked("http://gateway"), box=box)
    assert (plain.container.entrypoint, plain.argv[0]) == (entrypoint, "train")
    command = made(tracked("http://gateway"), entry_point="shell", box=box)
    assert command.container.entrypoint == ()
    assert command.argv[-1] == f"{' '.join(entrypoint)} cd data && pwd"


@pytest.mark.parametrize("entrypoint", [("/bin/bash", "-c"), ("bash", "-l", "-c"), ("sh", "-ec")])
def test_a_shell_as_entry_point_takes_the_command_as_one_word(
    made: Make, entrypoint: tuple[str, ...]
) -> None:
    box = container(entrypoint=entrypoint)
    command = made(tracked("http://gateway"), word="two words", box=box)
    assert command.container.entrypoint == entrypoint
    assert command.argv[0].endswith(" 'two words'")
    assert made(tracked("http://gateway"), entry_point="shell", box=box).argv == ("cd data && pwd",)


@pytest.mark.parametrize(
    "entrypoint",
    [("/entry.sh",), ("tini", "--"), ("bash", "/entry.sh"), ("python3", "-m", "wrapper"), ()],
)
def test_any_other_entry_point_executes_what_follows(
    made: Make, entrypoint: tuple[str, ...]
) -> None:
    box = container(entrypoint=entrypoint)
    command = made(tracked("http://gateway"), entry_point="shell", box=box)
    assert command.container.entrypoint == entrypoint
    assert (command.argv[0], command.argv[-1]) == ("sh", "cd data && pwd")


def test_only_trackings_variables_are_handed_on(made: Make) -> None:
    environ = {
        "MLFLOW_TRACKING_USERNAME": "ada",
        "MLFLOW_HTTP_REQUEST_TIMEOUT": "7",
        "MLFLOW_EXPERIMENT_NAME": "other",
        "MLFLOW_ENV_ROOT": "/here",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "HOME": "/home/ada",
        "PATH": "/here/bin",
    }
    box = container(environment={"MINE": "1", "MLFLOW_EXPERIMENT_NAME": "x"})
    command = made(tracked("http://server"), environ, box=box)
    assert command.environment == {
        "MLFLOW_TRACKING_USERNAME": "ada",
        "MLFLOW_HTTP_REQUEST_TIMEOUT": "7",
        "MLRUN_RUN_ID": RUN,
        "MINE": "1",
        "MLFLOW_TRACKING_URI": "http://server",
        "MLFLOW_RUN_ID": RUN,
    }


def test_the_runs_own_variables_come_before_the_projects(made: Make) -> None:
    box = container(environment={"MLFLOW_TRACKING_URI": "http://wrong", "MLFLOW_RUN_ID": "x"})
    command = made(tracked("http://right"), box=box)
    assert command.environment["MLFLOW_TRACKING_URI"] == "http://right"
    assert command.environment["MLFLOW_RUN_ID"] == RUN


def test_credentials_go_with_the_kind_of_artifacts(made: Make, tmp_path: Path) -> None:
    (tmp_path / ".aws").mkdir()
    environ = {"AWS_SECRET_ACCESS_KEY": "s", "GOOGLE_X": "g", "HOME": str(tmp_path)}
    command = made(tracked("http://server", f"s3://bucket/1/{RUN}/artifacts"), environ)
    assert command.environment["AWS_SECRET_ACCESS_KEY"] == "s"
    assert command.environment["AWS_CONFIG_FILE"] == "/.aws/config"
    assert "GOOGLE_X" not in command.environment
    assert Mount(str(tmp_path / ".aws"), "/.aws", ("ro",)) in command.mounts


@pytest.mark.parametrize(
    ("name", "scheme"),
    [
        ("GOOGLE_APPLICATION_CREDENTIALS", "gs"),
        ("AWS_SHARED_CREDENTIALS_FILE", "s3"),
        ("AWS_WEB_IDENTITY_TOKEN_FILE", "s3"),
        ("MLFLOW_KERBEROS_TICKET_CACHE", "hdfs"),
        ("MLFLOW_KERBEROS_TICKET_CACHE", "viewfs"),
    ],
)
def test_a_file_with_credentials_is_mounted_at_its_place(
    made: Make, tmp_path: Path, name: str, scheme: str
) -> None:
    file = tmp_path / "secret"
    file.write_text("")
    (tmp_path / ".aws").mkdir()
    environ = {name: str(file), "HOME": str(tmp_path)}
    run = tracked("http://server", f"{scheme}://bucket/1/{RUN}/artifacts")
    command = made(run, environ)
    assert command.environment[name] == str(file)
    assert Mount(str(file), str(file), ("ro",)) in command.mounts
    file.unlink()  # An engine would refuse to mount it, or make a folder of that name.
    assert Mount(str(file), str(file), ("ro",)) not in made(run, environ).mounts


def test_certificates_are_passed_in(made: Make) -> None:
    environ = {"MLFLOW_TRACKING_CLIENT_CERT_PATH": "/c.pem", "REQUESTS_CA_BUNDLE": "/ca.pem"}
    command = made(tracked("https://server"), environ)
    assert {Mount("/c.pem", "/c.pem", ("ro",)), Mount("/ca.pem", "/ca.pem", ("ro",))} <= set(
        command.mounts
    )
    assert command.environment["MLFLOW_TRACKING_SERVER_CERT_PATH"] == "/ca.pem"


def test_a_file_store_is_mounted_at_its_own_place(made: Make, tmp_path: Path) -> None:
    root = tmp_path / "mlruns"
    root.mkdir()
    run = tracked(root.as_uri(), f"{root.as_uri()}/1/{RUN}/artifacts")
    command = made(run, tracking_uri=root.as_uri())
    assert Mount(str(root), str(root)) in command.mounts
    assert Mount(str(root / "1"), str(root / "1")) in command.mounts


def test_artifacts_of_a_server_on_this_machine_are_mounted(made: Make, tmp_path: Path) -> None:
    root = tmp_path / "artifacts" / "1"
    run = tracked("http://172.17.0.1:1", f"{root}/{RUN}/artifacts")
    command = made(run, tracking_uri="http://localhost:5000")
    assert Mount(str(root), str(root)) in command.mounts


def test_no_folder_is_made_for_a_server_elsewhere(made: Make, tmp_path: Path) -> None:
    root = tmp_path / "artifacts" / "1"
    run = tracked("http://mlflow.example.org", f"{root}/{RUN}/artifacts")
    command = made(run, tracking_uri="http://mlflow.example.org")
    assert command.mounts == (CODE,)
    assert not root.exists()


@pytest.mark.parametrize(
    "root", ["/", "/etc/ssl", "/usr", "{home}", "{home}/..", "{home}/.ssh", "{home}/linked"]
)
def test_a_server_s_word_opens_no_folder_of_the_system_or_the_user(
    made: Make, tmp_path: Path, root: str
) -> None:
    home = tmp_path / "home"
    (home / ".ssh").mkdir(parents=True)
    (home / "linked").symlink_to(".ssh")
    root = root.format(home=home)
    for server in ("http://mlflow.example.org", "http://127.0.0.1:5000"):
        run = tracked(server, f"{root.rstrip('/')}/{RUN}/artifacts")
        assert made(run, {"HOME": str(home)}).mounts == (CODE,)


def test_artifacts_that_the_gateway_serves_are_not_mounted(made: Make, tmp_path: Path) -> None:
    run = tracked("http://172.17.0.1:1", f"{tmp_path}/mlruns/1/{RUN}/artifacts")
    assert made(run, serves_artifacts=True).mounts == (CODE,)


def test_no_two_mounts_have_one_place(made: Make, tmp_path: Path) -> None:
    root = tmp_path / "mlruns"
    root.mkdir()
    users = Mount("/elsewhere", str(root))
    box = container(mounts=(CODE, users))
    command = made(tracked(root.as_uri()), tracking_uri=root.as_uri(), box=box)
    assert command.mounts == (CODE, users)
