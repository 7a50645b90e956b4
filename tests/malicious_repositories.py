"""Repositories that try to run a program, or to write elsewhere, while they are fetched.

Each would make the file `marker`, or would write below `outside`, if it succeeded.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.repositories import (
    ECHOING_PROJECT,
    Commit,
    Content,
    Link,
    Program,
    Repository,
    make_repository,
    module_settings,
)

Build = Callable[[Path, Path], Repository]
"""Makes a repository at the first path; it would make the file at the second."""

_PROJECT: dict[str, Content] = {"MLproject": ECHOING_PROJECT, "text.txt": "one\n"}


def filters(path: Path, marker: Path) -> Repository:
    """Attributes that name filters, with settings wherever somebody could take them from."""
    settings = (
        f'[filter "evil"]\n\tsmudge = touch {marker}\n\tclean = touch {marker}\n'
        f"\tprocess = touch {marker}\n\trequired = true\n"
        f'[diff "evil"]\n\ttextconv = touch {marker}\n\tcommand = touch {marker}\n'
        f"[core]\n\tfsmonitor = touch {marker}\n\tsshCommand = touch {marker}\n"
        f"\thooksPath = hooks\n\tpager = touch {marker}\n"
        f"[include]\n\tpath = .gitconfig\n"
    )
    hook = Program(f"#!/bin/sh\ntouch {marker}\n".encode())
    names = ("post-checkout", "post-index-change", "reference-transaction", "fsmonitor-watchman")
    return make_repository(
        path,
        {
            **_PROJECT,
            ".gitattributes": "* filter=evil diff=evil merge=evil ident text eol=lf\n",
            ".gitconfig": settings,
            ".config/git/config": settings,
            "config": settings,
            ".lfsconfig": f"[lfs]\n\turl = ext::sh -c touch% {marker}\n{settings}",
            **{f"hooks/{name}": hook for name in names},
            **{f".githooks/{name}": hook for name in names},
        },
    )


def bare_inside(path: Path, marker: Path) -> Repository:
    """A folder that is laid out as a bare repository, with a monitor in its configuration."""
    settings = (
        "[core]\n\trepositoryformatversion = 0\n\tbare = false\n\tworktree = ..\n"
        f"\tfsmonitor = touch {marker}\n\thooksPath = hooks\n"
    )
    return make_repository(
        path,
        {
            **_PROJECT,
            "inner/HEAD": "ref: refs/heads/main\n",
            "inner/config": settings,
            "inner/objects/info/empty": "",
            "inner/refs/heads/empty": "",
            "inner/hooks/post-checkout": Program(f"#!/bin/sh\ntouch {marker}\n".encode()),
            "inner/MLproject": ECHOING_PROJECT,
            "inner/text.txt": "one\n",
        },
    )


def _submodule(url: str, where: str = "sub", name: str = "sub", more: str = "") -> Build:
    def build(path: Path, marker: Path) -> Repository:
        repository = make_repository(path, _PROJECT)
        commit = repository.git("rev-parse", "main")
        text = module_settings(**{name: (where, url)}) + more
        files: dict[str, Content] = {".gitmodules": text.replace("MARKER", str(marker))}
        if where == "sub":
            files[where] = Commit(commit)
        repository.commit(files)
        return repository

    return build


def local_submodule(path: Path, marker: Path) -> Repository:
    """A submodule that is a repository of the machine's own."""
    secret = make_repository(path.with_name("secret.git"), {"secret.txt": "of the user's\n"})
    repository = make_repository(path, _PROJECT)
    commit = Commit(secret.git("rev-parse", "main"))
    repository.commit({".gitmodules": module_settings(s=("s", str(secret.path))), "s": commit})
    return repository


def symbolic_gitmodules(path: Path, marker: Path) -> Repository:
    """A `.gitmodules` that is a link."""
    repository = make_repository(path, _PROJECT)
    commit = Commit(repository.git("rev-parse", "main"))
    settings = module_settings(sub=("sub", f"ext::sh -c touch% {marker}"))
    repository.commit({".gitmodules": Link("settings"), "settings": settings, "sub": commit})
    return repository


def tree_with(name: str, below: str = "") -> Build:
    """Return what makes a repository whose tree has such a name.

    Args:
        name: Of the entry at the top.
        below: Of a file in it; empty where the entry is a file itself.
    """

    def build(path: Path, marker: Path) -> Repository:
        repository = make_repository(path, _PROJECT)
        text = f"[core]\n\tfsmonitor = touch {marker}\n".encode()
        entry = ("100644", name, _write(repository, "blob", text))
        if below:
            entry = ("40000", name, _tree(repository, ("100755", below, entry[2])))
        _commit_tree(repository, entry)
        return repository

    return build


def link_and_folder(path: Path, marker: Path) -> Repository:
    """A tree that has one name twice: as a link that leads out, and as a folder below it."""
    repository = make_repository(path, _PROJECT)
    written = _write(repository, "blob", b"written\n")
    inner = _tree(repository, ("100644", "written", written))
    _commit_tree(repository, _link_out(repository, marker), ("40000", "out", inner))
    return repository


def submodule_through_link(path: Path, marker: Path) -> Repository:
    """A submodule whose folder `.gitmodules` puts behind a link that leads out."""
    repository = make_repository(path, _PROJECT)
    inner = _tree(repository, ("160000", "sub", repository.git("rev-parse", "main")))
    settings = module_settings(sub=("out/sub", f"../{path.name}")).encode()
    modules = ("100644", ".gitmodules", _write(repository, "blob", settings))
    _commit_tree(repository, modules, _link_out(repository, marker), ("40000", "out", inner))
    return repository


def _link_out(repository: Repository, marker: Path) -> Entry:
    outside = marker.parent / "outside"
    outside.mkdir(exist_ok=True)
    return "120000", "out", _write(repository, "blob", str(outside).encode())


Entry = tuple[str, str, str]
"""Mode, name and hash of what stands in a tree."""


def _commit_tree(repository: Repository, *entries: Entry) -> None:
    """Put what git itself would not make into the tree of a new commit on `main`."""
    old = [line.split(maxsplit=3) for line in repository.git("ls-tree", "main").splitlines()]
    whole = _tree(repository, *((mode, name, key) for mode, _, key, name in old), *entries)
    commit = repository.git("commit-tree", "-m", "evil", "-p", "main", whole)
    repository.ref("refs/heads/main", commit)


def _tree(repository: Repository, *entries: Entry) -> str:
    body = b"".join(
        f"{mode} {name}".encode() + b"\0" + bytes.fromhex(key)
        for mode, name, key in sorted(entries, key=lambda entry: entry[1])
    )
    return _write(repository, "tree", body)


def _write(repository: Repository, kind: str, body: bytes) -> str:
    return repository.git("hash-object", "--literally", "-w", "-t", kind, "--stdin", stdin=body)


HARMLESS: dict[str, Build] = {
    "filters": filters,
    "bare-inside": bare_inside,
    "update-command": _submodule("../project.git", more="\tupdate = !touch MARKER\n"),
}
"""What may run, with nothing of the repository's but the project's command."""

REFUSED: dict[str, Build] = {
    "ext": _submodule("ext::sh -c touch% MARKER"),
    "fd": _submodule("fd::17"),
    "option": _submodule("-u./payload"),
    "upload-pack-option": _submodule("--upload-pack=touch MARKER"),
    "ssh-option": _submodule("ssh://-oProxyCommand=touch MARKER/x"),
    "scp-option": _submodule("-oProxyCommand=touch${IFS}MARKER:x"),
    "newline": _submodule('"http://127.0.0.1:1/\\nhost=other"'),
    "file": _submodule("file:///"),
    "local": local_submodule,
    "name-outside": _submodule("ext::sh -c touch% MARKER", name="../../x"),
    "symbolic-gitmodules": symbolic_gitmodules,
    "tree-dot-git": tree_with(".git", "config"),
    "tree-dot-git-case": tree_with(".GIT", "config"),
    "tree-parent": tree_with("..", "escaped"),
    "tree-slash": tree_with("a/../../escaped"),
}
"""What must not run at all."""

EITHER: dict[str, Build] = {
    "parent-path": _submodule("../project.git", where="../out"),
    "absolute-path": _submodule("../project.git", where="MARKER"),
    "git-path": _submodule("../project.git", where=".git/hooks"),
    "option-path": _submodule("../project.git", where="-sub"),
    "link-and-folder": link_and_folder,
    "submodule-through-link": submodule_through_link,
}
"""What may run or be refused: `.gitmodules` speaks of what is not in the tree, or git decides."""
