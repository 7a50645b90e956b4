"""What an engine is asked to make."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mlrun.execution.container.body import bodies
from mlrun.execution.container.container import Container, ContainerCommand, Mount
from mlrun.execution.container.first_process import lacks_shell, with_first_process


def command(**fields: Any) -> ContainerCommand:
    container = Container(
        engine="unix:///x",
        image="sha256:1",
        image_name="one",
        entrypoint=fields.pop("entrypoint", ()),
        mounts=(),
        environment={},
        options=fields.pop("options", {}),
        keeps=fields.pop("keeps", False),
    )
    mounts = fields.pop("mounts", ())
    return ContainerCommand(container, ("python", "a b"), fields, mounts, "name")


def body(of: ContainerCommand) -> dict[str, Any]:
    made: dict[str, Any] = json.loads(bodies(of, "r1", "launch.1")[0])
    return made


def test_users_options_stay_and_ours_are_added() -> None:
    options = {
        "User": "5:6",
        "Labels": {"a": "b"},
        "WorkingDir": "/elsewhere",
        "HostConfig": {"Memory": 5, "Binds": ["v:/v"], "AutoRemove": True},
    }
    made = body(command(options=options, mounts=(Mount("/a", "/b", ("ro", "z")), Mount("v", "/c"))))
    assert made["User"] == "5:6"
    assert made["WorkingDir"] == "/elsewhere"
    assert made["Labels"] == {"a": "b", "mlrun.run": "r1", "mlrun.launch": "launch.1"}
    assert made["Cmd"] == ["python", "a b"]
    config = made["HostConfig"]
    assert config["Memory"] == 5
    assert config["Binds"] == ["v:/v", "/a:/b:ro,z", "v:/c"]
    assert config["AutoRemove"] is False
    assert options["HostConfig"] == {"Memory": 5, "Binds": ["v:/v"], "AutoRemove": True}


def test_project_is_the_working_folder_unless_told() -> None:
    assert body(command())["WorkingDir"] == "/mlflow/projects/code"


def test_path_with_a_colon_is_mounted_in_another_way() -> None:
    config = body(command(mounts=(Mount("/a:b", "/c", ("ro",)),)))["HostConfig"]
    assert config["Binds"] == []
    assert config["Mounts"] == [
        {"Type": "bind", "Source": "/a:b", "Target": "/c", "ReadOnly": True}
    ]


def test_engine_keeps_no_second_log_unless_the_container_stays() -> None:
    assert body(command())["HostConfig"]["LogConfig"]["Type"] == "none"
    assert "LogConfig" not in body(command(keeps=True))["HostConfig"]
    chosen = {"HostConfig": {"LogConfig": {"Type": "local"}}}
    assert body(command(options=chosen))["HostConfig"]["LogConfig"] == {"Type": "local"}


def test_variables_of_any_text_but_the_mark() -> None:
    made = body(command(A="b=c\n'", MLRUN_LAUNCH="mark"))
    assert made["Env"] == ["A=b=c\n'"]


def test_script_is_first_before_any_entry_point_but_an_init() -> None:
    first, bare = bodies(command(entrypoint=("/run.sh", "x")), "r1", "l")
    entrypoint = json.loads(first)["Entrypoint"]
    assert (entrypoint[0], entrypoint[-2:]) == ("/bin/sh", ["/run.sh", "x"])
    assert bare is not None
    assert json.loads(bare)["Entrypoint"] == ["/run.sh", "x"]
    assert with_first_process(("/usr/bin/tini", "--")) is None
    plain, none = bodies(command(entrypoint=("/usr/bin/tini", "--")), "r1", "l")
    assert json.loads(plain)["Entrypoint"] == ["/usr/bin/tini", "--"]
    assert none is None


def test_missing_shell_is_told_from_other_failures() -> None:
    assert lacks_shell('exec: "/bin/sh": stat /bin/sh: no such file or directory: unknown')
    assert lacks_shell("crun: executable file `/bin/sh` not found: No such file or directory")
    assert not lacks_shell('mounting "/a": no such file or directory')


@pytest.mark.parametrize("mode", ["host", "container:other"])
def test_no_script_signals_processes_that_are_not_the_containers_own(mode: str) -> None:
    shared = command(options={"HostConfig": {"PidMode": mode}}, entrypoint=("tool",))
    made, other = bodies(shared, "r1", "launch.1")
    assert json.loads(made)["Entrypoint"] == ["tool"]
    assert other is None


def test_the_engines_own_first_process_stands_in_where_the_script_cannot() -> None:
    made, other = bodies(command(options={"HostConfig": {"Init": True}}), "r1", "launch.1")
    assert other is not None
    assert "Init" not in json.loads(made)["HostConfig"]
    assert json.loads(other)["HostConfig"]["Init"] is True
