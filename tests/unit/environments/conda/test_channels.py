from __future__ import annotations

from pathlib import Path

import pytest

from mlrun.environments.conda.channels import (
    channels_of,
    refuse_unwanted_places,
    resolve_channel,
)
from mlrun.environments.conda.settings import CondaSettings
from mlrun.errors import ProjectError
from tests.unit.environments.conda.written import conda_spec

ALIAS = CondaSettings().channel_alias
MAIN, OF_R = CondaSettings().default_channels
PRO = CondaSettings().custom_channels["pkgs/pro"]


def urls(name: str, settings: CondaSettings | None = None, folder: Path = Path("/p")) -> list[str]:
    return [c.url for c in resolve_channel(name, settings or CondaSettings(), folder)]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("conda-forge", [f"{ALIAS}/conda-forge"]),
        ("conda-forge/label/dev", [f"{ALIAS}/conda-forge/label/dev"]),
        ("pkgs/pro", [f"{PRO}/pkgs/pro"]),
        ("pkgs/main", [MAIN]),
        ("defaults", [MAIN, OF_R]),
        ("https://h.example/c/", ["https://h.example/c"]),
        ("file:///data/c", ["file:///data/c"]),
        ("./c", ["file:///p/c"]),
        ("../c d", ["file:///c%20d"]),
        ("/data/c", ["file:///data/c"]),
        (".", ["file:///p"]),
    ],
)
def test_names_are_addresses(name: str, expected: list[str]) -> None:
    assert urls(name) == expected


def test_the_users_settings_hold() -> None:
    settings = CondaSettings(
        channel_alias="https://alias.example",
        default_channels=("https://mirror.example/pkgs/main", "mine"),
        custom_channels={"mine": "https://c.example/x", "deep/er": "file:///data"},
        custom_multichannels={"both": ("mine", "conda-forge"), "loop": ("loop", "mine")},
    )
    assert urls("conda-forge", settings) == ["https://alias.example/conda-forge"]
    assert urls("mine", settings) == ["https://c.example/x/mine"]
    assert urls("mine/label/dev", settings) == ["https://c.example/x/mine/label/dev"]
    assert urls("deep/er/est", settings) == ["file:///data/deep/er/est"]
    assert urls("pkgs/main", settings) == ["https://mirror.example/pkgs/main"]
    assert urls("defaults", settings) == [
        "https://mirror.example/pkgs/main",
        "https://c.example/x/mine",
    ]
    assert urls("both", settings) == [
        "https://c.example/x/mine",
        "https://alias.example/conda-forge",
    ]
    assert urls("loop", settings) == ["https://alias.example/loop", "https://c.example/x/mine"]


def test_a_platform_in_the_address() -> None:
    (found,) = resolve_channel("https://h/c/linux-64", CondaSettings(), Path())
    assert (found.url, found.platform) == ("https://h/c", "linux-64")


def test_mirrors() -> None:
    settings = CondaSettings(mirrored_channels={"conda-forge": ("https://a/cf/", "https://b/cf")})
    (found,) = resolve_channel("conda-forge", settings, Path())
    assert found.mirrors == ("https://a/cf", "https://b/cf")


def test_credentials_are_used_and_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PASS", "pa55word")
    settings = CondaSettings(channel_alias="https://h.example/t/to-ken123")
    (own,) = resolve_channel("https://ana:${PASS}@h.example/c", settings, Path())
    (named,) = resolve_channel("c", settings, Path())
    assert own.url == "https://ana:pa55word@h.example/c"
    assert named.url == "https://h.example/t/to-ken123/c"
    for one in (own, named):
        said = f"{one!r} {one.name} {one.shown}"
        assert "pa55word" not in said
        assert "to-ken123" not in said
    assert named.shown == "https://h.example/t/***/c"


def names(*channels: str, defaults: bool, packages: tuple[str, ...] = (),
          settings: CondaSettings | None = None) -> list[str]:  # fmt: skip
    spec = conda_spec(*packages, channels=channels, defaults=defaults)
    settings = settings or CondaSettings(default_channels=("https://d/main",), channel_alias="a:/")
    return [channel.url for channel in channels_of(spec, settings)]


def test_the_users_channels_come_after_the_files() -> None:
    assert names("conda-forge", defaults=True) == ["a:/conda-forge", "https://d/main"]
    assert names("defaults", "conda-forge", defaults=True) == ["https://d/main", "a:/conda-forge"]
    assert names("conda-forge", defaults=False) == ["a:/conda-forge"]
    mine = CondaSettings(channels=("mine", "defaults"), default_channels=("https://d/main",),
                         channel_alias="a:/")  # fmt: skip
    assert names("x", defaults=True, settings=mine) == ["a:/x", "a:/mine", "https://d/main"]
    assert names(defaults=False) == []


def test_channels_that_only_a_package_names_come_last() -> None:
    packages = ("nvidia::cuda", "x", "https://h/c::y", "nvidia::z")
    found = names("conda-forge", defaults=True, packages=packages)
    assert found == ["a:/conda-forge", "https://d/main", "a:/nvidia", "https://h/c"]


def test_channels_that_the_settings_refuse() -> None:
    spec = conda_spec(channels=("https://ana:pa55@h/c",), defaults=False)
    denied = CondaSettings(denylist_channels=("https://h/c",))
    with pytest.raises(ProjectError, match="`denylist_channels` refuses it") as caught:
        channels_of(spec, denied)
    assert "pa55" not in caught.value.message
    assert caught.value.location == spec.location
    allowing = CondaSettings(allowlist_channels=("conda-forge",))
    with pytest.raises(ProjectError, match="`allowlist_channels` does not name it"):
        channels_of(spec, allowing)
    allowed = conda_spec(channels=("conda-forge",), defaults=False)
    assert channels_of(allowed, allowing)
    assert channels_of(allowed, denied)


def test_the_local_channel_is_refused_unless_it_is_set() -> None:
    with pytest.raises(ProjectError, match="'local' is the folder of conda-build"):
        urls("local")
    settings = CondaSettings(custom_multichannels={"local": ("file:///bld",)})
    assert urls("local", settings) == ["file:///bld"]


def test_a_lock_does_not_lead_around_the_settings() -> None:
    place, folder = conda_spec().location, Path("/p")
    packages = [f"{ALIAS}/conda-forge/noarch/a-1-0.conda", "https://h/c/linux-64/b-1-0.conda"]
    refuse_unwanted_places(packages, CondaSettings(), folder, place)
    allowing = CondaSettings(allowlist_channels=("conda-forge",))
    refuse_unwanted_places(packages[:1], allowing, folder, place)
    with pytest.raises(ProjectError, match="'https://h/c' may not be used"):
        refuse_unwanted_places(packages, allowing, folder, place)
    denying = CondaSettings(denylist_channels=("conda-forge",))
    with pytest.raises(ProjectError, match="`denylist_channels` refuses it"):
        refuse_unwanted_places(packages, denying, folder, place)
