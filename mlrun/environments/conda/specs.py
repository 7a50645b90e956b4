"""What a conda environment file says of one package: conda's many spellings, read as one form.

A requirement is `CHANNEL/PLATFORM::NAME VERSION BUILD[KEY=VALUE,...]`, all but the name optional,
with `=` in place of the spaces where one likes. conda's rules: `=1.21` is any 1.21.x, but exactly
1.21 where a build follows; `==1.21` and a bare `1.21` are exactly that; `,` is "and", `|` is "or";
what stands in brackets wins over what stands before them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from mlrun.environments.conda.settings import CondaSettings
from mlrun.errors import Location, ProjectError
from mlrun.project.model import CondaRequirement, CondaSpec

# Patterns that few requirements need are compiled when one does: each costs a warm run time.
_PACKAGE_FILE = (
    r"(?:.*[/\\])?(?P<name>[^/\\]+)-(?P<version>[^-/\\]+)-(?P<build>[^-/\\]+)"
    r"(?:\.conda|\.tar\.bz2)(?:#[0-9a-fA-F]{32,64})?"
)
_BRACKETS = r"(?P<rest>[^\[\]]*)\[(?P<content>.*)\]"
_OPTION = r"\s*(?P<key>\w+)\s*=\s*(?:'([^']*)'|\"([^\"]*)\"|([^'\",\s]+))\s*(?:,|$|(?=\s))"
_PLATFORM = re.compile(
    r"/(noarch|(?:linux|osx|win|freebsd|zos|emscripten|wasi)-[a-z0-9_]+)/?$", re.IGNORECASE
)
_NAME = re.compile(r"(?P<name>[A-Za-z0-9_.-]+)(?P<rest>(?:[\s=<>!~(*|,].*)?)")
_VERSION_AND_BUILD = re.compile(
    r"(?P<version>.*[^\s=!|,<>~])(?:\s*=\s*|\s+)(?P<build>[^\s=,|<>~!]+)"
)
_TERM = re.compile(r"(?P<sign>===|==|!=|<=|>=|~=|=|<|>|)\s*(?P<version>[\w.+!*-]+)", re.ASCII)
_VERSION = re.compile(r"(?:\d+!)?[\w-]+(?:\.[\w-]+)*(?:\+[\w-]+(?:\.[\w-]+)*)?", re.ASCII)
_TURNED = r"(=\s*([<>])=?)"
_OPTIONS = ("build_number", "fn", "license", "md5", "sha256", "track_features", "url")
_FIELDS = ("version", "build", "channel", "subdir")
_PIP = re.compile(r"-|git\+|.*@\s*\w+\+?\w*://|.*;\s*\w")
_PIP_HINT = "what pip installs goes into a list below `- pip:`"


@dataclass(frozen=True, slots=True)
class PackageSpec:
    """Which packages will do.

    Attributes:
        name: In lower case.
        version: Comparisons, joined by `,` (and) and `|` (or, weaker), with round brackets: `*`,
            `1.21.*` (any 1.21.x), and `==`, `!=`, `<`, `<=`, `>`, `>=`, `~=` before a version.
            None for any.
        build: The build string, in which `*` stands for anything; None for any.
        channel: As written, None for any.
        subdir: The platform that it must be of, None for any.
        options: Other conditions, by conda's name (`build_number`, `sha256`, `url`).
    """

    name: str
    version: str | None = None
    build: str | None = None
    channel: str | None = None
    subdir: str | None = None
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MatchText:
    """A requirement as rattler's `MatchSpec` takes it.

    Attributes:
        text: For `MatchSpec(text)`; may hold credentials of a channel.
        location: Where it is asked for.
        written: As it is written there.
    """

    text: str = field(repr=False)
    location: Location
    written: str


def parse_spec(text: str, location: Location | None = None) -> PackageSpec:
    """Read one requirement.

    Raises:
        ProjectError: It cannot be understood.
    """
    plain = re.sub(r"(^|\s+)#.*", "", text).strip()
    if ".conda" in plain or ".tar.bz2" in plain:
        file = re.fullmatch(_PACKAGE_FILE, plain)
        if file:
            return _of_file(file, text, location)
    if _PIP.match(plain):
        raise _refused(text, location, "it is a requirement of pip's", _PIP_HINT)
    plain, options = _without_brackets(plain, text, location)
    channel, mark, plain = plain.rpartition("::")
    if mark and not channel.strip():
        raise _refused(text, location, "no channel stands before its `::`")
    channel, subdir = without_platform(channel.strip())
    found = _NAME.fullmatch(plain.strip())
    if found is None:
        raise _refused(text, location, "it begins with no package's name")
    version, build = _version_and_build(found["rest"].strip(), text, location)
    if "version" in options:
        version, _ = _version_and_build(options["version"], text, location)
    return PackageSpec(
        name=found["name"].lower(),
        version=version,
        build=options.get("build", build),
        channel=options.get("channel") or channel or None,
        subdir=options.get("subdir") or subdir,
        options={key: value for key, value in options.items() if key not in _FIELDS},
    )


def without_platform(channel: str) -> tuple[str, str | None]:
    """Return a channel without the platform at its end, and the platform (`linux-64`)."""
    found = _PLATFORM.search(channel)
    return (channel[: found.start()], found[1].lower()) if found else (channel, None)


def match_texts(spec: CondaSpec, settings: CondaSettings) -> tuple[MatchText, ...]:
    """Return all requirements as rattler's `MatchSpec` takes them; channels are addresses there.

    Raises:
        ProjectError: One cannot be understood, or names a channel that cannot be used.
    """
    return tuple(_match_text(one, spec, settings) for one in spec.packages)


def match_text(spec: PackageSpec, channel: str | None = None) -> str:
    """Return a requirement as rattler's `MatchSpec` takes it.

    Args:
        spec: Any.
        channel: The address of the only channel that it may be from.
    """
    values = {"version": spec.version, "build": spec.build, "channel": channel}
    values |= {"subdir": spec.subdir, **spec.options}
    given = [f'{key}="{value}"' for key, value in values.items() if value]
    return f"{spec.name}[{','.join(given)}]" if given else spec.name


def _match_text(one: CondaRequirement, spec: CondaSpec, settings: CondaSettings) -> MatchText:
    from mlrun.environments.conda.channels import resolve_channel

    parsed = parse_spec(one.text, one.location)
    url = None
    if parsed.channel:
        members = resolve_channel(parsed.channel, settings, spec.folder, one.location)
        # A group of channels cannot be said to rattler; a member of it has to stand for it.
        of_r = parsed.name.startswith("r-")
        fitting = (m.url for m in members if m.url.endswith("/r") == of_r)
        url = next(fitting, members[0].url) if members else None
    text = match_text(parsed, url)
    _check_with_rattler(text, one)
    return MatchText(text, one.location, one.text)


def _check_with_rattler(text: str, one: CondaRequirement) -> None:
    from rattler import MatchSpec
    from rattler.exceptions import InvalidMatchSpecError

    try:
        MatchSpec(text)
    except InvalidMatchSpecError as error:
        raise _refused(one.text, one.location, "no version or condition in it is valid") from error


def _of_file(found: re.Match[str], text: str, location: Location | None) -> PackageSpec:
    url, _, digest = found[0].partition("#")
    if "://" not in url:
        raise _refused(text, location, "it is a file", "write its address: file:///FOLDER/FILE")
    options = {"url": url}
    if digest:
        options["md5" if len(digest) == 32 else "sha256"] = digest.lower()
    name = found["name"].lower()
    return PackageSpec(name, f"=={found['version']}", found["build"], options=options)


def _without_brackets(
    plain: str, text: str, location: Location | None
) -> tuple[str, dict[str, str]]:
    if "[" not in plain and "]" not in plain:
        return plain, {}
    found = re.fullmatch(_BRACKETS, plain)
    if found is None:
        raise _refused(text, location, "its brackets are not at its end")
    options: dict[str, str] = {}
    pattern = re.compile(_OPTION)
    content, position = found["content"], 0
    while position < len(content.rstrip()):
        option = pattern.match(content, position)
        if option is None:
            hint = _PIP_HINT if "=" not in content else "write `NAME[KEY='VALUE']`"
            raise _refused(text, location, "its brackets hold no `KEY=VALUE`", hint)
        key = option["key"].lower()
        if key not in (*_FIELDS, *_OPTIONS):
            raise _refused(text, location, f"'{key}' is no condition that is known", _near(key))
        options[key] = next(value for value in option.groups()[1:] if value is not None)
        position = option.end()
    return found["rest"], options


def _near(key: str) -> str:
    from mlrun.near_miss import near_miss

    known = (*_FIELDS, *_OPTIONS)
    near = near_miss(key, known)
    return f"did you mean `{near}`?" if near else f"known are {', '.join(known)}"


def _version_and_build(
    rest: str, text: str, location: Location | None
) -> tuple[str | None, str | None]:
    found = _VERSION_AND_BUILD.fullmatch(rest)
    version, build = (found["version"], found["build"]) if found else (rest, None)
    version = version.strip()
    if not build and version.endswith("=") and _TERM.fullmatch(version.rstrip("= ")):
        version = version.rstrip("= ")
    if not version:
        return None, build
    joined = "".join(_terms(version, build is not None, text, location))
    return joined, None if build == "*" else build


def _terms(version: str, has_build: bool, text: str, location: Location | None) -> Iterator[str]:
    """Yield comparisons, and what joins them."""
    parts = [part.strip() for part in re.split(r"([,|()])", version)]
    exact = has_build and not any(part in (",", "|") for part in parts)
    joined = True
    for part in parts:
        if part == "":
            continue
        if part in (",", "|"):
            if joined:
                raise _refused(text, location, f"nothing stands before a '{part}'")
            joined = True
            yield part
        elif part in ("(", ")"):
            yield part
        else:
            if not joined:
                raise _refused(text, location, "nothing joins its conditions")
            joined = False
            yield _term(part, exact, text, location)
    if joined:
        raise _refused(text, location, "its version is not complete")


def _term(part: str, exact: bool, text: str, location: Location | None) -> str:
    found = _TERM.fullmatch(part)
    if found is None:
        turned = re.match(_TURNED, part)
        hint = f"write `{turned[2]}=` in place of `{turned[1]}`" if turned else None
        if hint is None and re.search(r"\s[<>=!~]", part):
            hint = "put a comma between two conditions: `>=1.2,<2`"
        raise _refused(text, location, f"'{part}' is no version", hint)
    sign, version = found["sign"], found["version"]
    bare = re.sub(r"(?:\.?\*)+$", "", version)
    if bare == "":
        return "*"
    if _VERSION.fullmatch(bare) is None:
        raise _refused(text, location, f"'{version}' is no version")
    is_range = bare != version
    if sign in ("", "=", "==", "==="):
        return f"{bare}.*" if is_range or (sign == "=" and not exact) else f"=={bare}"
    return f"!={bare}.*" if sign == "!=" and is_range else f"{sign}{bare}"


def _refused(
    text: str, location: Location | None, why: str, hint: str | None = None
) -> ProjectError:
    from mlrun.execution.redact import mask_text

    return ProjectError(
        f"the conda package {mask_text(text)!r} cannot be understood: {why}",
        location=location,
        hint=hint or "write, say, `numpy=1.21`, `numpy>=1.21,<2` or `conda-forge::numpy`",
    )
