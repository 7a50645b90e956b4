from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlrun.environments.conda import condarc
from mlrun.environments.conda.channels import ChannelUrl, resolve_channel
from mlrun.environments.conda.condarc import LISTS, MAPPINGS, SCALARS, condarc_files
from mlrun.environments.conda.settings import (
    CondaSettings,
    choosing,
    read_conda_settings,
    without_login,
)
from mlrun.errors import EnvironmentBuildError, Location, ProjectError


@pytest.fixture(autouse=True)
def _without_this_machines_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(condarc, "_system_folders", lambda: (tmp_path / "etc" / "conda",))


def written(file: Path, text: str) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return file


def read(home: Path, **environ: str) -> CondaSettings:
    return read_conda_settings({"HOME": str(home), **environ})


def test_without_any_file_they_are_condas_own(tmp_path: Path) -> None:
    found = read(tmp_path)
    assert found == CondaSettings()
    assert found.channels == ("defaults",)
    assert found.channel_priority == "flexible"


def test_files_in_the_order_of_condas_search_path(tmp_path: Path) -> None:
    names = [
        "etc/conda/.condarc", "etc/conda/condarc", "etc/conda/condarc.d/a.yml",
        "etc/conda/condarc.d/b.yaml",
        "root/.condarc", "root/condarc.d/a.yml",
        "xdg/conda/.condarc", "xdg/conda/condarc",
        ".config/conda/.condarc", ".conda/.condarc", ".conda/condarc", ".conda/condarc.d/x.yml",
        ".condarc",
        "prefix/.condarc", "prefix/condarc", "prefix/condarc.d/y.yml",
        "own.yml",
    ]  # fmt: skip
    files = [written(tmp_path / name, "") for name in names]
    written(tmp_path / ".conda/condarc.d/ignored.txt", "")
    environ = {
        "HOME": str(tmp_path),
        "CONDA_ROOT": str(tmp_path / "root"),
        "XDG_CONFIG_HOME": str(tmp_path / "xdg"),
        "CONDA_PREFIX": str(tmp_path / "prefix"),
        "CONDARC": str(tmp_path / "own.yml"),
    }
    assert list(condarc_files(environ)) == files


def test_the_system_folders_are_condas() -> None:
    import importlib.util

    spec = importlib.util.find_spec("mlrun.environments.conda.condarc")
    assert spec is not None
    assert spec.loader is not None
    fresh = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(fresh)
    assert fresh._system_folders() == (Path("/etc/conda"), Path("/var/lib/conda"))


def test_condas_place_is_known_by_its_program(tmp_path: Path) -> None:
    file = written(tmp_path / "conda" / ".condarc", "")
    environ = {"HOME": str(tmp_path), "CONDA_EXE": str(tmp_path / "conda" / "bin" / "conda")}
    assert list(condarc_files(environ)) == [file]


def test_all_that_a_file_may_say(tmp_path: Path) -> None:
    written(
        tmp_path / ".condarc",
        """\
channels: [conda-forge, defaults]
default_channels:
  - https://mirror.example/main
channel_alias: https://mirror.example/
custom_channels:
  internal: https://conda.example/x
custom_multichannels:
  both: [internal, conda-forge]
  one: internal
mirrored_channels:
  conda-forge: [https://a.example/cf]
channel_priority: strict
ssl_verify: ~/ca.pem
proxy_servers:
  https: http://ana:pa55@proxy.example:3128
remote_connect_timeout_secs: 3
remote_max_retries: 1
offline: true
add_pip_as_python_dependency: false
pinned_packages: [numpy 1.21.*]
create_default_packages: [ipython]
changeps1: false
""",
    )
    assert read(tmp_path) == CondaSettings(
        channels=("conda-forge", "defaults"),
        default_channels=("https://mirror.example/main",),
        channel_alias="https://mirror.example",
        custom_channels={
            **CondaSettings().custom_channels,
            "internal": "https://conda.example/x",
        },
        custom_multichannels={"both": ("internal", "conda-forge"), "one": ("internal",)},
        mirrored_channels={"conda-forge": ("https://a.example/cf",)},
        channel_priority="strict",
        ssl_verify=Path("~/ca.pem").expanduser(),
        proxy_servers={"https": "http://ana:pa55@proxy.example:3128"},
        connect_timeout=3,
        max_retries=1,
        offline=True,
        add_pip=False,
        pinned_packages=("numpy 1.21.*",),
    )


def test_stronger_places_win_and_lists_are_joined(tmp_path: Path) -> None:
    written(tmp_path / "etc/conda/.condarc", "channels: [a, b]\nchannel_alias: https://a.example\n"
            "custom_channels: {x: https://x, y: https://y}\n")  # fmt: skip
    written(tmp_path / ".condarc", "channels: [c, b]\nchannel_alias: https://c.example\n"
            "custom_channels: {x: https://z}\n")  # fmt: skip
    found = read(tmp_path, CONDA_CHANNELS="d, e", CONDA_CHANNEL_PRIORITY="disabled")
    assert found.channels == ("d", "e", "c", "b", "a")
    assert found.channel_alias == "https://c.example"
    assert found.custom_channels["x"] == "https://z"
    assert found.custom_channels["y"] == "https://y"
    assert found.channel_priority == "disabled"


def test_a_final_value_is_the_last_word(tmp_path: Path) -> None:
    written(tmp_path / "etc/conda/.condarc", "channels:  #!final\n  - corporate\n")
    written(tmp_path / ".condarc", "channels: [mine]\n")
    assert read(tmp_path, CONDA_CHANNELS="other").channels == ("corporate",)


@pytest.mark.parametrize(
    ("name", "value", "field", "expected"),
    [
        ("CONDA_CHANNEL_ALIAS", "https://x/", "channel_alias", "https://x"),
        ("CONDA_DEFAULT_CHANNELS", "https://a,https://b", "default_channels",
         ("https://a", "https://b")),
        ("CONDA_SSL_VERIFY", "false", "ssl_verify", False),
        ("CONDA_SSL_VERIFY", "truststore", "ssl_verify", True),
        ("CONDA_SSL_VERIFY", "/ca.pem", "ssl_verify", Path("/ca.pem")),
        ("CONDA_OFFLINE", "1", "offline", True),
        ("CONDA_SUBDIR", "osx-64", "subdir", "osx-64"),
        ("CONDA_PINNED_PACKAGES", "a=1&b>=2,<3", "pinned_packages", ("a=1", "b>=2,<3")),
        ("CONDA_CHANNEL_PRIORITY", "true", "channel_priority", "flexible"),
        ("CONDA_CHANNEL_PRIORITY", "false", "channel_priority", "disabled"),
        ("CONDA_OVERRIDE_CUDA", "11.8", "overrides", {"cuda": "11.8"}),
        ("CONDA_OVERRIDE_CUDA", "", "overrides", {"cuda": ""}),
        ("CONDA_WHITELIST_CHANNELS", "a", "allowlist_channels", ("a",)),
        ("CONDA_REMOTE_MAX_RETRIES", "many", "max_retries", 3),
    ],
)  # fmt: skip
def test_variables(tmp_path: Path, name: str, value: str, field: str, expected: object) -> None:
    assert getattr(read(tmp_path, **{name: value}), field) == expected


def test_variables_in_values(tmp_path: Path) -> None:
    text = "channel_alias: https://$WHO:${PASS}@h.example/$NONE\n"
    written(tmp_path / ".condarc", text)
    found = read(tmp_path, WHO="ana", PASS="pa55")
    assert found.channel_alias == "https://ana:pa55@h.example/$NONE"


def test_values_of_another_form_count_as_not_given(tmp_path: Path) -> None:
    text = "channels: {a: b}\nchannel_alias: [x]\ncustom_channels: [y]\nproxy_servers: none\n"
    written(tmp_path / ".condarc", text)
    assert read(tmp_path) == CondaSettings()


def test_one_text_is_a_list_of_it(tmp_path: Path) -> None:
    written(tmp_path / ".condarc", "channels: conda-forge\n")
    assert read(tmp_path).channels == ("conda-forge",)


_SCALARS = st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=5))
_VALUES = st.recursive(
    _SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from((*LISTS, *MAPPINGS, *SCALARS, "verify_ssl")), _VALUES))
def test_any_values_are_read(
    tmp_path_factory: pytest.TempPathFactory, values: dict[str, object]
) -> None:
    folder = tmp_path_factory.mktemp("home")
    written(folder / ".condarc", json.dumps(values))
    found = read(folder)
    assert all(isinstance(name, str) for name in found.channels)
    with suppress(ProjectError):
        resolve_channel("conda-forge", found, folder)


def test_a_file_that_is_no_yaml_is_an_error_with_its_place(tmp_path: Path) -> None:
    file = written(tmp_path / ".condarc", "channels: [a\n")
    with pytest.raises(EnvironmentBuildError, match="conda's settings cannot be read") as caught:
        read(tmp_path)
    assert isinstance(caught.value.location, Location)
    assert caught.value.location.file == file


def test_nothing_secret_shows_in_a_message_about_settings(tmp_path: Path) -> None:
    written(tmp_path / ".condarc", "channels: [https://ana:pa55@h/c\n")
    with pytest.raises(EnvironmentBuildError) as caught:
        read(tmp_path)
    assert "pa55" not in f"{caught.value.message} {caught.value.hint}"


@pytest.mark.parametrize(
    ("address", "plain"),
    [
        ("https://ana:pa55@h:80/c", "https://h:80/c"),
        ("https://h/t/ab-123/c", "https://h/c"),
        ("https://u@h/x/t/ab-123/c?token=1", "https://h/x/c"),
        ("file:///data/t", "file:///data/t"),
        ("conda-forge", "conda-forge"),
        ("numpy>=1.2", "numpy>=1.2"),
    ],
)
def test_addresses_without_logins(address: str, plain: str) -> None:
    assert without_login(address) == plain


def test_a_key_knows_what_is_chosen_from_and_no_login() -> None:
    channels = (ChannelUrl("c", "https://ana:pa55@h/t/ab-123/c"), ChannelUrl("d", "https://d"))
    base = choosing(CondaSettings(), channels)
    assert "pa55" not in repr(base)
    assert "ab-123" not in repr(base)
    assert base == choosing(CondaSettings(offline=True, connect_timeout=1), channels)
    others = [
        choosing(CondaSettings(channel_priority="strict"), channels),
        choosing(CondaSettings(pinned_packages=("a=1",)), channels),
        choosing(CondaSettings(overrides={"cuda": "11"}), channels),
        choosing(CondaSettings(subdir="osx-64"), channels),
        choosing(CondaSettings(add_pip=False), channels),
        choosing(CondaSettings(), channels[::-1]),
    ]
    assert len({tuple(one) for one in [base, *others]}) == len(others) + 1
