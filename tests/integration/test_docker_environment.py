"""Images and options of containers, with a real engine, its command line and a registry."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Collection, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import docker
import pytest

from mlrun.environments.base import PreparedEnvironment
from mlrun.environments.docker.content import images_folder
from mlrun.environments.docker.environment import DockerEnvironment
from mlrun.environments.options import EnvironmentOptions
from mlrun.errors import EnvironmentBuildError, Location
from mlrun.execution.container.container import WORK_FOLDER, Container, Mount
from mlrun.execution.container.engine import Engine
from mlrun.project.model import DockerEnv
from mlrun.request import DockerArgument
from tests.components import missing
from tests.docker_engine import DockerEngine
from tests.docker_registry import PASSWORD, USER, Registry

PLACE = Location(Path("MLproject"), 2, 3)


@pytest.fixture(autouse=True)
def own_settings(
    docker_engine: DockerEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lead to the engine, and keep the user's logins out."""
    monkeypatch.setenv("DOCKER_HOST", docker_engine.address)
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "docker"))


@pytest.fixture
def client(docker_engine: DockerEngine) -> Iterator[docker.DockerClient]:
    with closing(docker_engine.client()) as made:
        yield made


@pytest.fixture
def project(tmp_path: Path, client: docker.DockerClient) -> Iterator[Path]:
    """A project's folder; the images that are built for it go with it."""
    folder = tmp_path / "project"
    (folder / "src").mkdir(parents=True)
    (folder / "train.py").write_text("print('trained')")
    (folder / "src" / "run.sh").write_text("echo run")
    (folder / "src" / "run.sh").chmod(0o700)
    yield folder
    for image in client.images.list(f"{_name(folder).lower()}"):
        client.images.remove(str(image.id), force=True)


def _name(folder: Path) -> str:
    """Return a name for a project that no other test's project has."""
    return f"Lab-{hashlib.sha256(str(folder).encode()).hexdigest()[:12]}"


def prepared(
    image: str, folder: Path, heard: list[str] | None = None, **options: Any
) -> PreparedEnvironment:
    env = DockerEnv(image, (), (), PLACE)
    made = DockerEnvironment(
        env, EnvironmentOptions(folder=folder, project=_name(folder), **options)
    )
    return made.prepare(heard.append if heard is not None else lambda _line: None)


def container_of(found: PreparedEnvironment) -> Container:
    assert found.container is not None
    return found.container


def said(client: docker.DockerClient, container: Container, *words: str) -> str:
    """Run a command in the container that was prepared, as the engine makes it."""
    body = dict(container.options)
    host = body["HostConfig"]
    made = {
        **body,
        "Image": container.image,
        "Cmd": list(words),
        "Env": [f"{k}={v}" for k, v in container.environment.items()],
        "HostConfig": {**host, "Binds": [f"{m.source}:{m.target}" for m in container.mounts]},
    }
    engine = Engine(container.engine, os.environ)
    one = client.containers.get(engine.call("POST", "/containers/create", made)["Id"])
    try:
        one.start()
        one.wait()
        output: bytes = one.logs()
        return output.decode().strip()
    finally:
        one.remove(force=True)


# What is prepared


def test_the_code_is_mounted_where_mlflow_has_it(
    base_image: str, project: Path, client: docker.DockerClient
) -> None:
    found = prepared(base_image, project)
    container = container_of(found)
    assert container.mounts == (Mount(str(project), WORK_FOLDER),)
    assert container.image == client.images.get(base_image).id
    assert found.manager == "docker"
    assert found.tags == {
        "mlflow.docker.image.uri": base_image,
        "mlflow.docker.image.id": container.image,
    }
    assert said(client, container, "sh", "-c", "pwd; python3 train.py").splitlines() == [
        WORK_FOLDER,
        "trained",
    ]


def test_a_warm_one_imports_no_library(base_image: str, project: Path) -> None:
    script = (
        "import sys; from pathlib import Path\n"
        "from mlrun.environments.docker.environment import DockerEnvironment\n"
        "from mlrun.environments.options import EnvironmentOptions\n"
        "from mlrun.errors import Location; from mlrun.project.model import DockerEnv\n"
        "env = DockerEnv(sys.argv[1], (), (), Location(Path('MLproject')))\n"
        "options = EnvironmentOptions(\n"
        "    folder=Path(sys.argv[2]), build_image=sys.argv[3] == 'b', project=sys.argv[4])\n"
        "DockerEnvironment(env, options).prepare(print)\n"
        "print(*sorted({'docker', 'requests', 'filelock', 'http', 'ssl'} & set(sys.modules)))"
    )
    words = [sys.executable, "-c", script, base_image, str(project)]
    cold = subprocess.run([*words, "b", _name(project)], capture_output=True, text=True, check=True)
    assert "docker" in cold.stdout.splitlines()[-1].split()
    for mode in ("b", "-"):
        warm = subprocess.run(
            [*words, mode, _name(project)], capture_output=True, text=True, check=True
        )
        assert warm.stdout == "\n"


def test_the_machine_is_known_by_its_name(
    base_image: str, project: Path, client: docker.DockerClient
) -> None:
    container = container_of(prepared(base_image, project))
    assert container.host_name == "host.docker.internal"
    lines = said(client, container, "cat", "/etc/hosts").splitlines()
    assert f"{container.host_address}\thost.docker.internal" in lines


def test_a_network_of_the_user_s_own(
    base_image: str, project: Path, client: docker.DockerClient
) -> None:
    network = client.networks.create(f"mlrun-test-{os.getpid()}")
    try:
        args: dict[str, DockerArgument] = {"network": str(network.name)}
        container = container_of(prepared(base_image, project, docker_args=args))
        network.reload()
        config = network.attrs["IPAM"]["Config"][0]
        assert container.host_address == config["Gateway"]
        assert f"{config['Gateway']}\thost.docker.internal" in said(
            client, container, "cat", "/etc/hosts"
        )
    finally:
        network.remove()


def test_the_machine_s_own_network_is_shared_and_none_leads_nowhere(
    base_image: str, project: Path
) -> None:
    for name, address in (("host", "127.0.0.1"), ("none", None)):
        container = container_of(prepared(base_image, project, docker_args={"network": name}))
        assert container.host_address == address
        assert container.host_name is None
        assert "ExtraHosts" not in container.options["HostConfig"]


def test_a_network_that_is_not_there(base_image: str, project: Path) -> None:
    with pytest.raises(EnvironmentBuildError, match="no network 'bridges'") as caught:
        prepared(base_image, project, docker_args={"network": "bridges"})
    assert caught.value.hint == "did you mean 'bridge'?"


def test_the_command_is_the_user_with_a_home(
    base_image: str, project: Path, client: docker.DockerClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "getuid", lambda: 12345)
    monkeypatch.setattr(os, "getgid", lambda: 12345)
    monkeypatch.setattr(os, "getgroups", lambda: [12345, 777])
    monkeypatch.setenv("LOGNAME", "ada")
    project.chmod(0o777)
    container = container_of(prepared(base_image, project))
    look = "import getpass, os, pathlib; print(getpass.getuser(), os.getuid(), os.getgroups())"
    do = "(pathlib.Path.home() / 'x').write_text('1'); open('out', 'w').write('1')"
    assert said(client, container, "python3", "-c", f"{look}; {do}") == "ada 12345 [777, 12345]"
    assert (project / "out").stat().st_uid == 12345


def test_an_image_with_the_code_may_be_used_by_anyone(
    base_image: str, project: Path, client: docker.DockerClient
) -> None:
    args: dict[str, DockerArgument] = {"user": "12345:12345"}
    (project / "train.py").chmod(0o600)
    container = container_of(prepared(base_image, project, build_image=True, docker_args=args))
    assert container.mounts == ()
    words = "python3 train.py && src/run.sh && touch new src/new && pwd"
    (project / "src" / "run.sh").write_text("#!/bin/sh\necho run")
    container = container_of(prepared(base_image, project, build_image=True, docker_args=args))
    assert said(client, container, "bash", "-c", words).split() == ["trained", "run", WORK_FOLDER]


# Images with the code in them


def test_an_image_is_built_once_for_each_content(base_image: str, project: Path) -> None:
    heard: list[str] = []
    first = prepared(base_image, project, heard, build_image=True)
    name = first.tags["mlflow.docker.image.uri"]
    assert name.startswith(f"{_name(project).lower()}:")
    assert heard == [f"building the image {name} with the project's code"]
    (project / "mlflow.db").write_text("of the first run")
    os.utime(project / "train.py")
    assert prepared(base_image, project, heard, build_image=True).tags == first.tags
    assert len(heard) == 1
    (project / "train.py").write_text("print('again')")
    second = prepared(base_image, project, heard, build_image=True)
    assert second.tags != first.tags
    assert len(heard) == 2
    log = images_folder() / f"{name.replace(':', '-')}.log"
    assert "Successfully built" in log.read_text()


def test_the_base_s_user_entry_point_and_variables_stay(
    base_image: str, project: Path, client: docker.DockerClient
) -> None:
    name = f"mlrun-test-entry-{os.getpid()}:1"
    changes = ['ENTRYPOINT ["env", "--"]', "USER 1234", "ENV KEPT=yes"]
    made = client.containers.create(base_image, ["true"])
    made.commit(*name.split(":"), changes=changes)
    made.remove()
    try:
        found = container_of(prepared(name, project, build_image=True))
        assert found.entrypoint == ("env", "--")
        assert (
            container_of(
                prepared(name, project, build_image=True, docker_args={"entrypoint": ""})
            ).entrypoint
            == ()
        )
        config = client.images.get(found.image).attrs["Config"]
        assert (config["User"], config["Entrypoint"]) == ("1234", ["env", "--"])
        assert "KEPT=yes" in config["Env"]
    finally:
        client.images.remove(name, force=True)


def test_two_at_once_build_it_once(base_image: str, project: Path) -> None:
    script = (
        "import sys; from pathlib import Path\n"
        "from mlrun.environments.docker.environment import DockerEnvironment\n"
        "from mlrun.environments.options import EnvironmentOptions\n"
        "from mlrun.errors import Location; from mlrun.project.model import DockerEnv\n"
        "env = DockerEnv(sys.argv[1], (), (), Location(Path('MLproject')))\n"
        "options = EnvironmentOptions(\n"
        "    folder=Path(sys.argv[2]), build_image=True, project=sys.argv[3])\n"
        "DockerEnvironment(env, options).prepare(print)\n"
    )
    words = [sys.executable, "-c", script, base_image, str(project)]
    words.append(_name(project))
    both = [subprocess.Popen(words, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    outputs = [process.communicate()[0] for process in both]
    assert [process.returncode for process in both] == [0, 0, 0]
    assert "".join(outputs).count("building the image") == 1


def test_a_build_that_fails_shows_the_end_of_its_log(
    base_image: str, project: Path, client: docker.DockerClient
) -> None:
    name = f"mlrun-test-onbuild-{os.getpid()}:1"
    made = client.containers.create(base_image, ["true"])
    made.commit(*name.split(":"), changes=["ONBUILD RUN echo so far && exit 3"])
    made.remove()
    try:
        with pytest.raises(EnvironmentBuildError, match="could not be built") as caught:
            prepared(name, project, build_image=True)
        assert "so far" in caught.value.message
        assert "returned a non-zero code: 3" in caught.value.message
        log = Path(str(caught.value.hint).rpartition(" ")[2])
        assert "so far" in log.read_text()
    finally:
        client.images.remove(name, force=True)


# Images that are pulled


@pytest.fixture
def remote_image(
    docker_engine: DockerEngine, base_image: str, registry: Registry, client: docker.DockerClient
) -> Iterator[str]:
    """An image that is in a registry with a login, and not here."""
    name = registry.push(docker_engine, base_image, "team/python")
    yield name
    if client.images.list(name):
        client.images.remove(name)


def logged_in(tmp_path: Path, name: str, settings: Mapping[str, Any]) -> None:
    folder = tmp_path / "docker"
    folder.mkdir()
    host = name.partition("/")[0]
    (folder / "config.json").write_text(json.dumps(settings).replace("HOST", host))


def test_a_missing_image_is_pulled_with_the_user_s_login(
    remote_image: str, project: Path, tmp_path: Path
) -> None:
    import base64

    login = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
    logged_in(tmp_path, remote_image, {"auths": {"HOST": {"auth": login}}})
    heard: list[str] = []
    found = prepared(remote_image, project, heard)
    assert heard == [f"pulling the image {remote_image}"]
    assert found.tags["mlflow.docker.image.uri"] == remote_image
    assert prepared(remote_image, project, heard).tags == found.tags
    assert len(heard) == 1
    prepared(remote_image, project, heard, docker_args={"pull": "always"})
    assert len(heard) == 2


def test_the_login_may_be_a_credential_helper_s(
    remote_image: str, project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    helper = tmp_path / "bin" / "docker-credential-lab"
    helper.parent.mkdir()
    answer = json.dumps({"ServerURL": "x", "Username": USER, "Secret": PASSWORD})
    helper.write_text(f"#!/bin/sh\ncat >/dev/null\necho '{answer}'\n")
    helper.chmod(0o755)
    logged_in(tmp_path, remote_image, {"credHelpers": {"HOST": "lab"}})
    monkeypatch.setenv("PATH", f"{helper.parent}:{os.environ['PATH']}")
    assert container_of(prepared(remote_image, project)).image_name == remote_image


def test_a_credential_helper_that_is_not_there(
    remote_image: str, project: Path, tmp_path: Path
) -> None:
    logged_in(tmp_path, remote_image, {"credHelpers": {"HOST": "nowhere"}})
    with pytest.raises(EnvironmentBuildError, match="the program with its credentials failed") as e:
        prepared(remote_image, project)
    assert "docker-credential-nowhere" in e.value.message


def test_a_login_that_is_given_wins(remote_image: str, project: Path, tmp_path: Path) -> None:
    logged_in(tmp_path, remote_image, {"auths": {"HOST": {"auth": "d3Jvbmc6d3Jvbmc="}}})
    registry = remote_image.partition("/")[0]
    auth = {"username": USER, "password": PASSWORD, "registry": registry}
    assert container_of(prepared(remote_image, project, docker_auth=auth)).image


def test_without_a_login_the_error_says_how(remote_image: str, project: Path) -> None:
    with pytest.raises(EnvironmentBuildError, match="its registry does not give it") as caught:
        prepared(remote_image, project)
    assert f"`docker login {remote_image.partition('/')[0]}`" in str(caught.value.hint)
    assert caught.value.location == PLACE
    registry = remote_image.partition("/")[0]
    wrong = {"username": USER, "password": "hunter2-is-wrong", "registry": registry}
    with pytest.raises(EnvironmentBuildError) as caught:
        prepared(remote_image, project, docker_auth=wrong)
    assert "hunter2" not in f"{caught.value.message} {caught.value.hint}"


def test_a_tag_that_its_registry_does_not_know(remote_image: str, project: Path) -> None:
    name = f"{remote_image.rpartition(':')[0]}:nothing"
    registry = remote_image.partition("/")[0]
    auth = {"username": USER, "password": PASSWORD, "registry": registry}
    with pytest.raises(EnvironmentBuildError, match="does not know this tag"):
        prepared(name, project, docker_auth=auth)


def test_an_image_that_nobody_has_is_named_with_what_was_meant(
    base_image: str, project: Path
) -> None:
    wrong = f"127.0.0.1:1/{base_image}"
    with pytest.raises(EnvironmentBuildError, match="could not be pulled") as caught:
        prepared(wrong, project)
    assert "whether the engine can reach 127.0.0.1:1" in str(caught.value.hint)
    with pytest.raises(EnvironmentBuildError, match="is not on this machine") as caught:
        prepared(f"{base_image}x", project, docker_args={"pull": "never"})
    assert f"did you mean {base_image!r}?" in str(caught.value.hint)


# Engines that do not answer


def test_an_engine_that_is_not_there(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere/docker.sock")
    with pytest.raises(EnvironmentBuildError, match=r"unix:///nowhere/docker\.sock") as caught:
        prepared("python", project)
    assert "systemctl start docker" in str(caught.value.hint)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be someone else")
def test_a_user_who_may_not_use_it(docker_engine: DockerEngine, tmp_path: Path) -> None:
    script = (
        "import os; from pathlib import Path\n"
        "from mlrun.environments.docker.environment import DockerEnvironment\n"
        "from mlrun.environments.options import EnvironmentOptions\n"
        "from mlrun.errors import EnvironmentBuildError, Location\n"
        "from mlrun.project.model import DockerEnv\n"
        "from mlrun.environments.docker import failures, image\n"
        "from mlrun.execution.container import address, engine\n"
        "os.setgroups([]); os.setgid(65534); os.setuid(65534)\n"
        "env = DockerEnv('python', (), (), Location(Path('MLproject')))\n"
        "try:\n    DockerEnvironment(env, EnvironmentOptions(folder=Path('/'))).prepare(print)\n"
        "except EnvironmentBuildError as error:\n    print(error.message, error.hint, sep='\\n')"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd="/")
    assert done.returncode == 0, done.stderr
    message, hint = done.stdout.splitlines()
    assert docker_engine.address in message
    assert "Permission denied" in message
    assert "usermod -aG docker" in hint


# The options, beside docker's own command line

OPTIONS: list[dict[str, str | tuple[str, ...]]] = [
    {"shm-size": "1g", "memory": "512m", "memory-swap": "-1", "cpus": "0.5", "pids-limit": "100"},
    {"ulimit": ("nofile=1024:2048", "memlock=-1"), "ipc": "host", "pid": "host", "uts": "host"},
    {"network": "host"},
    {"network": "none", "hostname": "lab", "domainname": "example.org"},
    {"add-host": ("db:10.0.0.5", "cache=10.0.0.6"), "dns": "10.0.0.1", "dns-search": "example.org"},
    {"gpus": "all"},
    {"gpus": "2"},
    {"gpus": '"device=0,2"'},
    {"gpus": 'driver=nvidia,count=1,"capabilities=compute,utility"'},
    {"cap-add": ("NET_ADMIN", "SYS_PTRACE"), "cap-drop": "CHOWN", "privileged": "true"},
    {"security-opt": ("seccomp=unconfined", "no-new-privileges"), "read-only": "true"},
    {"device": ("/dev/null", "/dev/zero:/dev/naught:r"), "device-cgroup-rule": "c 1:* rmw"},
    {"group-add": ("7", "audio"), "user": "12:34", "workdir": "/srv", "entrypoint": "/bin/sh"},
    {"e": ("A=1", "B=x y=z"), "label": ("one=1", "two"), "t": "true", "i": "true"},
    {"tmpfs": "/scratch:size=1m,mode=1777", "mount": "type=tmpfs,target=/m,tmpfs-size=1m"},
    {"publish": ("8080:80", "127.0.0.1::81/udp", "90-91:90-91"), "expose": "100-101"},
    {"cpuset-cpus": "0", "cpu-shares": "512", "cpu-period": "50000", "cpu-quota": "25000"},
    {"memory-reservation": "64m", "memory-swappiness": "10", "oom-kill-disable": "true"},
    {"sysctl": "net.core.somaxconn=64", "log-driver": "json-file", "log-opt": "max-size=1m"},
    {"runtime": "runc", "init": "true", "cgroupns": "host", "stop-signal": "INT"},
    {"no-healthcheck": "true", "stop-timeout": "3", "oom-score-adj": "100", "blkio-weight": "0"},
    {"publish-all": "true", "env-file": "{project}/vars.env", "label-file": "{project}/labels"},
]


@pytest.mark.parametrize("options", OPTIONS, ids=lambda options: ",".join(options))
def test_options_mean_what_docker_s_command_line_makes_of_them(
    options: dict[str, str | tuple[str, ...]],
    base_image: str,
    project: Path,
    client: docker.DockerClient,
) -> None:
    (project / "vars.env").write_text("# Variables\nA=1 2\n")
    (project / "labels").write_text("team=vision\n")
    options = {n: _placed(v, project) for n, v in options.items()}
    container = container_of(prepared(base_image, project, docker_args=options))
    ours = _inspected(client, lambda: _created(container))
    theirs = _inspected(client, lambda: _created_by_docker(options, base_image))
    host = {**ours["HostConfig"], "Binds": None}
    if "network" not in options or options["network"] not in ("host", "none"):
        host["ExtraHosts"] = [h for h in host["ExtraHosts"] if not h.startswith("host.docker")]
    if "init" not in options:
        host["Init"] = None
    assert _plain(host) == _plain({**theirs["HostConfig"], "Binds": None})
    config = ours["Config"]
    if "user" not in options:
        config["User"] = ""
    if "workdir" not in options:
        config["WorkingDir"] = ""
    unlike = {"AttachStdout", "AttachStderr", "AttachStdin", "StdinOnce", "Image"}
    if "hostname" not in options:
        unlike.add("Hostname")
    assert _plain(config, unlike) == _plain(theirs["Config"], unlike)


def _placed(value: str | tuple[str, ...], project: Path) -> str | tuple[str, ...]:
    return value.replace("{project}", str(project)) if isinstance(value, str) else value


def _created(container: Container) -> str:
    body = {
        **container.options,
        "Image": container.image,
        "Cmd": ["true"],
        "Env": [f"{k}={v}" for k, v in container.environment.items() if k not in ("USER", "HOME")],
    }
    if container.entrypoint:
        body["Entrypoint"] = list(container.entrypoint)
    engine = Engine(container.engine, os.environ)
    return str(engine.call("POST", "/containers/create", body)["Id"])


def _created_by_docker(options: dict[str, str | tuple[str, ...]], image: str) -> str:
    program = _docker_program()
    words = []
    for name, value in options.items():
        dash = "-" if len(name) == 1 else "--"
        for text in (value,) if isinstance(value, str) else value:
            words += [f"{dash}{name}={text}"] if dash == "--" else [f"-{name}={text}"]
    done = subprocess.run(
        [program, "create", *words, image, "true"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def _docker_program() -> str:
    import shutil

    found = shutil.which("docker")
    if found is None:
        missing("docker", "its command line is not installed")
        raise AssertionError
    return found


def _inspected(client: docker.DockerClient, create: Any) -> dict[str, Any]:
    made = create()
    try:
        attributes: dict[str, Any] = client.api.inspect_container(made)
        return attributes
    finally:
        client.api.remove_container(made, force=True, v=True)


def _plain(
    document: Mapping[str, Any], without: Collection[str] = ("RestartPolicy",)
) -> dict[str, Any]:
    """Return what says something, in a fixed order."""
    return {
        name: sorted(value, key=str) if name in ("Env", "Ulimits") else value
        for name, value in document.items()
        if value not in (None, "", 0, False, [], {}) and name not in without
    }
