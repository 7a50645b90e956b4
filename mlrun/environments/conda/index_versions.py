"""Versions as conda asks for them, said to the Python index."""

from __future__ import annotations

import re

_RELEASE = r"(?:\d+!)?\d+(?:\.\d+)*"
# A letter without a number after it (`2020a`) is a part of the version to conda alone.
_VERSION = re.compile(
    rf"(?P<release>{_RELEASE})(?P<rest>(?:[-_.]?(?:a|b|c|rc|alpha|beta|pre|preview)[-_.]?\d+)?"
    r"(?:[-_.]?(?:post|rev|r)[-_.]?\d+)?(?:[-_.]?dev[-_.]?\d+)?(?:\+[a-z0-9]+(?:[-_.][a-z0-9]+)*)?)",
    re.IGNORECASE | re.ASCII,
)
_TERM = re.compile(r"(?P<sign>==|!=|<=|>=|~=|<|>|)(?P<version>.+?)(?P<star>\.\*)?")


def specifier(version: str | None) -> str | None:
    """Return a condition in the form of the index (PEP 440), empty for any version.

    None where it cannot be said in that form: alternatives, and versions that are none there.
    conda and the index agree on what is meant, but for versions before and after a release: to
    conda 1.0.post1 is more than 1.0 and 1.0rc1 is less, to the index `>1.0` and `<1.0` leave
    them out.

    Args:
        version: As `PackageSpec.version` gives it.
    """
    plain = _without_outer_brackets(version or "*")
    if re.search(r"[|()]", plain):
        return None
    terms = [_term(term) for term in plain.split(",") if term != "*"]
    return None if None in terms else ",".join(term for term in terms if term)


def python_version(version: str | None) -> str | None:
    """Return a condition on Python as `python_env.yaml` has it: `3.8`, `3.8.13`, `>=3.8,<3.11`.

    Empty for any version, None where it cannot be said in that form.
    """
    text = specifier(version)
    if not text or "," in text:
        return text
    exact = re.fullmatch(r"==(\d+(?:\.\d+){0,2})(?:\.\*)?", text)
    return exact[1] if exact else text


def _without_outer_brackets(version: str) -> str:
    inner = re.fullmatch(r"\(([^()]*)\)", version)
    return inner[1] if inner else version


def _term(term: str) -> str | None:
    found = _TERM.fullmatch(term)
    version = _VERSION.fullmatch(found["version"]) if found else None
    if found is None or version is None:
        return None
    sign, written = found["sign"] or "==", found["version"]
    if sign == "~=" and "." not in version["release"]:
        return None
    # The index takes a star after plain numbers alone.
    star = ".*" if found["star"] and not version["rest"] and sign in ("==", "!=") else ""
    return f"{sign}{written}{star}"
