"""conda environments from a real channel with a real Python, as the command line makes them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import nullcontext
from datetime import datetime, timezone
from pathlib import Path

import pytest
import trustme

from mlrun.environments.base import EnvironmentKind, PreparedEnvironment
from mlrun.environments.installing.uv_program import find_uv
from mlrun.environments.lock.document import read_lock
from mlrun.environments.options import EnvironmentOptions
from mlrun.environments.select import choose_environment
from mlrun.errors import EnvironmentBuildError, Location
from mlrun.project.model import CondaEnv, PythonEnvFile
from tests.channel_server import ServedChannel
from tests.components import missing
from tests.conda_channel import (
    Package,
    channel_with_pythons,
    conda_home,
    conda_packages,
    pythons,
    write_channel,
)
from tests.functional.commands import MLRUN
from tests.unit.environments.conftest import heard, no_index
from tests.unit.environments.wheels import make_wheel

EXAMPLE = Path(__file__).resolve().parents[2] / "example_projects" / "conda_channel"
__all__ = ["channel_with_pythons", "conda_home", "conda_packages", "heard", "no_index"]


@pytest.fixture(autouse=True)
def own_conda(no_index: Path, conda_home: Path) -> None:
    """Keep the Python index out, and the user's settings for conda; its channels are asked."""


def environment(
    folder: Path, text: str, options: EnvironmentOptions | None = None
) -> EnvironmentKind:
    """Write a conda file, and choose its environment."""
    folder.mkdir(exist_ok=True)
    file = folder / "conda.yaml"
    file.write_text(text)
    return choose_environment((CondaEnv(file, Location(file)),), options or EnvironmentOptions())


def yaml_text(channel: Path | str, *packages: str, more: str = "") -> str:
    url = channel.as_uri() if isinstance(channel, Path) else channel
    listed = "".join(f"- {package}\n" for package in packages)
    return f"channels: ['{url}', nodefaults]\ndependencies:\n{listed}{more}"


def output(prepared: PreparedEnvironment, *argv: str, **added: str) -> str:
    """Run a command in an environment, and return what it prints."""
    path = os.pathsep.join([*map(str, prepared.path), os.environ["PATH"]])
    env = {k: v for k, v in {**os.environ, **added}.items() if k not in prepared.unset}
    env |= {**prepared.variables, "PATH": path}
    done = subprocess.run(argv, env=env, capture_output=True, text=True, check=True, cwd="/")
    return done.stdout.strip()


def installed(prepared: PreparedEnvironment) -> dict[str, str]:
    assert prepared.lock is not None
    lock = read_lock(prepared.lock)
    assert lock is not None
    return {package.name: package.version for package in lock.packages}


def test_packages_pip_part_and_variables(
    tmp_path: Path, channel_with_pythons: Path, no_index: Path, heard: list[str]
) -> None:
    make_wheel(no_index, "sums", "1.5", requires=("terms",))
    make_wheel(no_index, "terms", "3.0")
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "more.txt").write_text("sums>=1\n")
    more = "- pip:\n  - -r more.txt\nvariables: {LEVEL: 'a b'}\nname: x\nprefix: /nowhere\n"
    text = yaml_text(channel_with_pythons, "python=3.10", "greeting", "greeter>=2", more=more)
    prepared = environment(tmp_path / "project", text).prepare(heard.append)

    code = "import sys, greeting, sums, terms; print(sys.prefix, greeting.greet('you'))"
    assert output(prepared, "python", "-c", code) == f"{prepared.folder} good day, you"
    assert prepared.python_version is not None
    assert prepared.python_version.startswith("3.10.")
    assert prepared.variables["LEVEL"] == "a b"
    assert prepared.variables["CONDA_PREFIX"] == str(prepared.folder)
    assert "PYTHONHOME" in prepared.unset
    assert installed(prepared) == {
        "greeter": "2.1",
        "greeting": "1.1",
        "python": prepared.python_version,
        "sums": "1.5",
        "terms": "3.0",
    }
    assert len(heard) == 3
    prepared.release()

    again = environment(tmp_path / "project", text).prepare(heard.append)
    assert again.folder == prepared.folder
    assert again.variables == prepared.variables
    assert len(heard) == 3


def test_what_activation_scripts_set(
    tmp_path: Path, channel_with_pythons: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind = environment(tmp_path, yaml_text(channel_with_pythons, "greeter"))
    prepared = kind.prepare(print)
    home = f"{prepared.folder}/share/greeter"
    assert output(prepared, "greeter") == f"{home} polite"
    assert prepared.variables["GREETER_LANGUAGE"] == "en"
    assert prepared.variables["GREETER_PATH"] == home

    monkeypatch.setenv("GREETER_PATH", "/own/one:/own/two")
    monkeypatch.setenv("GREETER_MODE", "short")
    monkeypatch.setenv("GREETER_OLD", "1")
    monkeypatch.setenv("GREETER_HOME", "/elsewhere")
    prepared = kind.prepare(print)
    assert output(prepared, "greeter") == f"{home} short"
    assert prepared.variables["GREETER_PATH"] == f"{home}:/own/one:/own/two"
    assert "GREETER_OLD" in prepared.unset


def test_the_projects_own_code_is_seen_as_it_is(
    tmp_path: Path, channel_with_pythons: Path, no_index: Path
) -> None:
    make_wheel(no_index, "terms", "3.0")
    make_backend(no_index)
    text = yaml_text(channel_with_pythons, "python=3.10", "greeting", more="- pip: [-e .]\n")
    folders = []
    for name in ("first", "second"):
        project = tmp_path / name
        (project / "src" / "trainer").mkdir(parents=True)
        (project / "src" / "trainer" / "__init__.py").write_text(f"WHERE = {name!r}\n")
        (project / "pyproject.toml").write_text(
            '[build-system]\nrequires = ["backend"]\nbuild-backend = "backend"\n'
            '[project]\nname = "trainer"\nversion = "1"\ndependencies = ["terms"]\n'
        )
        prepared = environment(project, text).prepare(print)
        code = "import trainer, greeting, terms, sys; print(trainer.WHERE, sys.base_prefix)"
        assert output(prepared, "python", "-c", code) == f"{name} {prepared.folder}"
        folders.append(prepared.folder)
    assert folders[0] == folders[1]  # One conda environment, and two thin ones on top.


def make_backend(wheels: Path) -> None:
    """Write a build backend that knows one project: `trainer`, which requires `terms`."""
    make_wheel(
        wheels,
        "backend",
        code="""
import os, zipfile
def build_wheel(folder, settings=None, metadata=None, editable=False):
    name = "trainer-1-py3-none-any.whl"
    info = "trainer-1.dist-info"
    with zipfile.ZipFile(os.path.join(folder, name), "w") as archive:
        archive.writestr(info + "/METADATA",
            "Metadata-Version: 2.1\\nName: trainer\\nVersion: 1\\nRequires-Dist: terms\\n")
        archive.writestr(info + "/WHEEL",
            "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        archive.writestr("trainer.pth", os.path.abspath("src"))
        archive.writestr(info + "/RECORD", "trainer.pth,,\\n" + info + "/METADATA,,\\n"
            + info + "/WHEEL,,\\n" + info + "/RECORD,,\\n")
    return name
def build_editable(folder, settings=None, metadata=None):
    return build_wheel(folder)
""",
    )


def test_a_date_decides(tmp_path: Path, channel_with_pythons: Path) -> None:
    then = EnvironmentOptions(as_of=datetime(2018, 1, 1, tzinfo=timezone.utc))
    text = yaml_text(channel_with_pythons, "greeter", "undated")
    prepared = environment(tmp_path, text, then).prepare(print)
    assert installed(prepared) == {"greeter": "1.9", "undated": "1.0"}
    assert installed(environment(tmp_path, text).prepare(print))["greeter"] == "2.1"

    with pytest.raises(EnvironmentBuildError) as caught:
        environment(tmp_path, yaml_text(channel_with_pythons, "picky"), then).prepare(print)
    assert "--as-of" in str(caught.value.hint)


def test_the_first_channel_counts_most(
    tmp_path: Path, channel_with_pythons: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = write_channel(
        tmp_path / "other",
        [
            Package("greeter", "9.0", {"share/greeter/words.txt": "new\n"}),
            Package("fussy", "1.0", {"share/fussy": "1\n"}, depends=("greeter >=9",)),
        ],
    )
    channels = f"channels: ['{channel_with_pythons.as_uri()}', '{other.as_uri()}', nodefaults]\n"
    asked = f"{channels}dependencies: [greeter]\n"
    assert installed(environment(tmp_path / "a", asked).prepare(print)) == {"greeter": "2.1"}
    # conda's own way: a less important channel helps out where the first one does not do.
    asked = f"{channels}dependencies: [fussy]\n"
    assert installed(environment(tmp_path / "b", asked).prepare(print))["greeter"] == "9.0"
    monkeypatch.setenv("CONDA_CHANNEL_PRIORITY", "strict")
    with pytest.raises(EnvironmentBuildError, match="cannot be together"):
        environment(tmp_path / "b", asked).prepare(print)
    asked = f"{channels}dependencies: ['{other.as_uri()}::greeter']\n"
    assert installed(environment(tmp_path / "c", asked).prepare(print)) == {"greeter": "9.0"}


def test_virtual_packages_are_the_machines_or_what_the_user_says(
    tmp_path: Path, channel_with_pythons: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = yaml_text(channel_with_pythons, "needs-cuda")
    monkeypatch.setenv("CONDA_OVERRIDE_CUDA", "11.0")
    with pytest.raises(EnvironmentBuildError, match="__cuda"):
        environment(tmp_path, text).prepare(print)
    monkeypatch.setenv("CONDA_OVERRIDE_CUDA", "12.4")
    assert installed(environment(tmp_path, text).prepare(print)) == {"needs-cuda": "1.0"}


def test_a_pip_part_without_python_gets_one_and_a_warning(
    tmp_path: Path, channel_with_pythons: Path, no_index: Path
) -> None:
    make_wheel(no_index, "terms")
    text = yaml_text(channel_with_pythons, "greeter", more="- pip: [terms]\n")
    prepared = environment(tmp_path, text).prepare(print)
    assert output(prepared, "python", "-c", "import terms; print(terms.VERSION)") == "1.0"
    assert any("asks for no Python" in warning.message for warning in prepared.warnings)


def test_what_the_pip_part_replaces_is_said(
    tmp_path: Path, channel_with_pythons: Path, no_index: Path
) -> None:
    make_wheel(no_index, "greeting", "1.0", code="WHOSE = 'pip'\n")
    text = yaml_text(
        channel_with_pythons, "python=3.10", "greeting", more="- pip: [greeting==1.0]\n"
    )
    prepared = environment(tmp_path, text).prepare(print)
    assert [w.message for w in prepared.warnings] == [
        "the pip part replaced conda packages: greeting 1.1 by 1.0"
    ]


MISTAKES = {
    "greter": ("no channel has the conda package 'greter'", "did you mean 'greeter'?"),
    "greeter=7": ("no channel has the conda package 'greeter=7'", "there is greeter 2.1, 1.9"),
    "greeter=2.1=h12debd9_0": ("for this platform", "--from-history"),
    "picky=1, greeter=2": ("cannot be together", "fewer exact versions"),
}


@pytest.mark.parametrize("packages", MISTAKES)
def test_a_mistake_is_said_once_with_its_place(
    tmp_path: Path, channel_with_pythons: Path, packages: str
) -> None:
    text = yaml_text(channel_with_pythons, *packages.split(", "))
    with pytest.raises(EnvironmentBuildError) as caught:
        environment(tmp_path, text).prepare(print)
    message, hint = MISTAKES[packages]
    assert message in caught.value.message
    assert hint in str(caught.value.hint)
    assert caught.value.location is not None
    assert caught.value.location.file == tmp_path / "conda.yaml"
    assert not list((tmp_path / "cache").rglob("complete.json"))


def test_all_missing_packages_are_said_at_once(tmp_path: Path, channel_with_pythons: Path) -> None:
    text = yaml_text(channel_with_pythons, "nosuch", "greeter=7")
    with pytest.raises(EnvironmentBuildError) as caught:
        environment(tmp_path, text).prepare(print)
    assert [problem.location.line for problem in caught.value.problems if problem.location] == [
        3,
        4,
    ]


def test_a_file_that_is_not_what_was_announced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    channel = write_channel(tmp_path / "channel", [Package("one", "1.0", {"share/one": "1\n"})])
    monkeypatch.setenv("RATTLER_CACHE_DIR", str(tmp_path / "rattler"))
    other = write_channel(tmp_path / "other", [Package("one", "1.0", {"share/one": "2\n"})])
    (other / "noarch/one-1.0-0.tar.bz2").replace(channel / "noarch/one-1.0-0.tar.bz2")
    for url in (channel.as_uri(), None):
        with ServedChannel(channel) if url is None else nullcontext("") as address:
            text = yaml_text(url or address, "one")
            with pytest.raises(EnvironmentBuildError, match="mismatch"):
                environment(tmp_path / "p", text).prepare(print)


def test_a_lock_is_installed_without_asking_the_channel(
    tmp_path: Path, channel_with_pythons: Path, no_index: Path
) -> None:
    make_wheel(no_index, "terms")
    text = yaml_text(channel_with_pythons, "python=3.10", "greeting", more="- pip: [terms]\n")
    first = environment(tmp_path, text).prepare(print)
    assert first.lock is not None
    lock = read_lock(first.lock)
    assert lock is not None

    from mlrun.environments.conda.environment import CondaEnvironment

    spec = environment(tmp_path, text).spec  # type: ignore[attr-defined]
    second = CondaEnvironment(spec, pinned=lock).prepare(print)
    assert second.folder != first.folder
    assert installed(second) == installed(first)
    code = "import greeting, terms; print(greeting.greet('you'), terms.VERSION)"
    assert output(second, "python", "-c", code) == "good day, you 1.0"


def test_without_network_what_is_known_serves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, heard: list[str]
) -> None:
    channel = write_channel(tmp_path / "channel", [Package("one", "1.0", {"share/one": "1\n"})])
    monkeypatch.setenv("RATTLER_CACHE_DIR", str(tmp_path / "rattler"))
    with ServedChannel(channel) as url:
        environment(tmp_path / "p", yaml_text(url, "one")).prepare(print)
    for folder in (tmp_path / "cache").glob("environments"):
        folder.rename(tmp_path / "gone")
    prepared = environment(tmp_path / "p", yaml_text(url, "one")).prepare(heard.append)
    assert installed(prepared) == {"one": "1.0"}
    assert any("cannot be reached" in line for line in heard)

    monkeypatch.setenv("MLRUN_CACHE_DIR", str(tmp_path / "other"))
    monkeypatch.setenv("RATTLER_CACHE_DIR", str(tmp_path / "empty"))
    heard.clear()
    with pytest.raises(EnvironmentBuildError, match=f"{url} cannot be reached") as caught:
        environment(tmp_path / "p", yaml_text(url, "one")).prepare(heard.append)
    assert not any("cannot be reached" in line for line in heard)
    assert caught.value.location is not None
    assert yaml_text(url, "one").splitlines()[(caught.value.location.line or 0) - 1].count(url)


def test_a_folder_that_is_no_channel_is_named(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentBuildError, match="there is no conda channel at") as caught:
        environment(tmp_path / "p", yaml_text("./none", "one")).prepare(print)
    assert caught.value.location is not None
    assert caught.value.location.column is not None
    assert "name" in (caught.value.hint or "")


def test_a_login_in_a_channels_address_is_used_and_kept_from_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    channel = write_channel(tmp_path / "channel", [Package("one", "1.0", {"share/one": "1\n"})])
    monkeypatch.setenv("RATTLER_CACHE_DIR", str(tmp_path / "rattler"))
    with ServedChannel(channel, "Basic bWU6c2VjcmV0LXdvcmQ=") as url:
        wanted = url.replace("://", "://me:secret-word@")
        prepared = environment(tmp_path / "p", yaml_text(wanted, "one")).prepare(print)
        assert installed(prepared) == {"one": "1.0"}
        monkeypatch.setenv("MLRUN_CACHE_DIR", str(tmp_path / "empty"))
        with pytest.raises(EnvironmentBuildError, match="401") as caught:
            environment(tmp_path / "p", yaml_text(wanted.replace("word", "no"), "one")).prepare(
                print
            )
        assert "secret" not in f"{caught.value.message} {caught.value.hint}"
    kept = {f for f in tmp_path.rglob("*") if f.is_file()} - {tmp_path / "p" / "conda.yaml"}
    private = tmp_path / "rattler" / "repodata"
    told = {file for file in kept if b"secret-word" in file.read_bytes()}
    assert {file.parent for file in told} <= {private}
    assert private.stat().st_mode & 0o077 == 0


def test_certificates_of_the_users_settings_are_trusted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    channel = write_channel(tmp_path / "channel", [Package("one", "1.0", {"share/one": "1\n"})])
    monkeypatch.setenv("RATTLER_CACHE_DIR", str(tmp_path / "rattler"))
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    with ServedChannel(channel, authority=authority) as url:
        with pytest.raises(EnvironmentBuildError, match="certificate"):
            environment(tmp_path / "p", yaml_text(url, "one")).prepare(print)
        monkeypatch.setenv("CONDA_SSL_VERIFY", str(tmp_path / "ca.pem"))
        assert installed(environment(tmp_path / "p", yaml_text(url, "one")).prepare(print))


def test_a_mirror_stands_for_its_channel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    channel = write_channel(tmp_path / "channel", [Package("one", "1.0", {"share/one": "1\n"})])
    monkeypatch.setenv("RATTLER_CACHE_DIR", str(tmp_path / "rattler"))
    with ServedChannel(channel) as url:
        (tmp_path / "condarc").write_text(f"mirrored_channels: {{far: ['{url}']}}\n")
        monkeypatch.setenv("CONDARC", str(tmp_path / "condarc"))
        monkeypatch.setenv("CONDA_CHANNEL_ALIAS", "https://nosuch.invalid")
        text = "channels: [far, nodefaults]\ndependencies: [one]\n"
        prepared = environment(tmp_path / "p", text).prepare(print)
    assert installed(prepared) == {"one": "1.0"}


def test_a_build_that_was_cut_off_is_not_used(
    tmp_path: Path, channel_with_pythons: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = yaml_text(channel_with_pythons, "python=3.10", "greeting")
    environment(tmp_path, text)
    (tmp_path / "MLproject").write_text("conda_env: conda.yaml\n")
    (tmp_path / "x.sh").touch()
    for number in (signal.SIGKILL, signal.SIGINT):
        env = {**os.environ, "RATTLER_CACHE_DIR": str(tmp_path / f"rattler-{number}")}
        argv = [sys.executable, "-m", "mlrun", "run", str(tmp_path), "-e", "x.sh"]
        with subprocess.Popen(argv, env=env, stderr=subprocess.PIPE, text=True) as process:
            assert process.stderr is not None
            while "installing" not in process.stderr.readline():
                assert process.poll() is None
            process.send_signal(number)
            said = process.stderr.read()
        assert process.returncode in (-signal.SIGKILL, 130), said
        assert not list((tmp_path / "cache").rglob("complete.json"))
    monkeypatch.setenv("RATTLER_CACHE_DIR", str(tmp_path / f"rattler-{signal.SIGKILL}"))
    prepared = environment(tmp_path, text).prepare(print)
    assert output(prepared, "python", "-c", "import greeting; print(1)") == "1"


def test_the_example(
    tmp_path: Path, channel_with_pythons: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    channels = tmp_path / "channels"
    channels.mkdir()
    (channels / "greetings").symlink_to(channel_with_pythons)
    monkeypatch.setenv("CONDA_CHANNEL_ALIAS", channels.as_uri())
    for attempt in range(2):
        answer = subprocess.run(
            [*MLRUN, "run", str(EXAMPLE), "-P", "who=you & me"],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert answer.returncode == 0, answer.stderr
        first, second, third = answer.stdout.splitlines()
        assert first == "good day, you & me"
        assert second.endswith("/env/share/greeter")
        assert third == f"{second.removeprefix('words from ')} cheerful"
        assert ("building the environment" in answer.stderr) == (attempt == 0)


def test_a_warm_run_imports_no_solver(tmp_path: Path, channel_with_pythons: Path) -> None:
    text = yaml_text(channel_with_pythons, "greeter")
    environment(tmp_path, text).prepare(print)
    file = tmp_path / "conda.yaml"
    code = f"""
import sys
from pathlib import Path
from mlrun.environments.options import EnvironmentOptions
from mlrun.environments.select import choose_environment
from mlrun.errors import Location
from mlrun.project.model import CondaEnv
file = Path({str(file)!r})
kind = choose_environment((CondaEnv(file, Location(file)),), EnvironmentOptions())
kind.prepare(print)
heavy = ["rattler", "asyncio", "filelock", "subprocess", "tempfile"]
print([name for name in heavy if name in sys.modules])
"""
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert answer.stdout == "[]\n"


@pytest.fixture(scope="session")
def conda43(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A conda of 2017, the only one that the Python index has: its program."""
    python, uv = pythons().get("3.6"), find_uv(os.environ)
    if python is None or uv is None:
        missing("conda43", "it runs on Python 3.6, of pyenv's, and uv installs it")
    folder = tmp_path_factory.mktemp("conda43") / "own"
    install = [str(uv), "pip", "install", "--quiet", "--python", f"{folder}/bin/python"]
    for argv in (
        [f"{python}/bin/python3", "-m", "venv", str(folder)],
        [*install, "pip==21.3.1", "setuptools==58.0.4", "wheel<0.38"],
        [*install, "requests<2.28", "ruamel.yaml<0.17", "pycosat"],
        [*install, "--no-build-isolation", "conda==4.3.16"],
    ):
        done = subprocess.run(argv, capture_output=True, text=True, check=False)
        if done.returncode:
            missing("conda43", done.stderr.strip().splitlines()[-1])
    for name in ("conda-meta", "pkgs"):
        (folder / name).mkdir()
    (folder / "conda-meta" / "history").touch()
    (folder / ".condarc").write_text(
        "offline: true\nchannels: []\nadd_pip_as_python_dependency: false\n"
    )
    for name, module in (("conda", "conda.cli.main"), ("conda-env", "conda_env.cli.main")):
        program = folder / "bin" / name
        program.write_text(
            f"#!{folder}/bin/python -Wignore\nimport sys\nsys.argv[0] = {name!r}\n"
            f"from {module} import main\nsys.exit(main())\n"
        )
        program.chmod(0o755)
    return folder / "bin" / "conda"


def test_an_installed_conda(
    tmp_path: Path,
    conda43: Path,
    channel_with_pythons: Path,
    no_index: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    make_wheel(no_index, "terms")
    more = "- pip: [terms]\nvariables: {LEVEL: '1'}\n"
    text = yaml_text(channel_with_pythons, "python=3.6", "greeter>=2", more=more)
    options = EnvironmentOptions(conda_exe=str(conda43))
    prepared = environment(tmp_path / "p", text, options).prepare(print)
    assert output(prepared, "python", "-c", "import terms; print(terms.VERSION)") == "1.0"
    assert output(prepared, "greeter") == f"{prepared.folder}/share/greeter polite"
    assert prepared.variables["LEVEL"] == "1"
    assert installed(prepared)["greeter"] == "2.1"
    log = (prepared.folder or tmp_path).parents[1] / "build.log"
    assert "conda env create" in log.read_text()

    monkeypatch.setenv("MLFLOW_CONDA_HOME", str(conda43.parents[1]))
    again = environment(tmp_path / "p", text).prepare(print)
    assert again.folder == prepared.folder

    with pytest.raises(EnvironmentBuildError, match="nosuch"):
        environment(tmp_path / "p", yaml_text(channel_with_pythons, "nosuch")).prepare(print)


@pytest.mark.parametrize("manager", ["uv", "virtualenv"])
def test_a_python_that_uv_has_not(
    tmp_path: Path,
    channel_with_pythons: Path,
    no_index: Path,
    monkeypatch: pytest.MonkeyPatch,
    heard: list[str],
    manager: str,
) -> None:
    (old,) = (p for p in channel_with_pythons.glob("linux-64/python-3.[678].*.bz2"))
    version = old.name.split("-")[1]
    make_wheel(no_index, "terms")
    (tmp_path / ".condarc").write_text(f"channels: ['{channel_with_pythons.as_uri()}']\n")
    monkeypatch.setenv("CONDARC", str(tmp_path / ".condarc"))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "nowhere"))
    monkeypatch.setenv("UV_PYTHON_INSTALL_DIR", str(tmp_path / "uv"))
    monkeypatch.setenv("UV_PYTHON_INSTALL_MIRROR", "file:///nowhere")
    file = tmp_path / "python_env.yaml"
    file.write_text(f"python: '{version}'\ndependencies: [terms]\n")
    kind = choose_environment(
        (PythonEnvFile(file, Location(file)),), EnvironmentOptions(manager=manager)
    )
    prepared = kind.prepare(heard.append)
    code = "import sys, terms; print('.'.join(map(str, sys.version_info[:3])), terms.VERSION)"
    assert output(prepared, "python", "-c", code) == f"{version} 1.0"
    assert any(f"fetching Python {version} from" in line for line in heard)
    assert prepared.warnings == ()
