"""What is sent to an engine to build a project's image."""

from __future__ import annotations

import io
import os
import tarfile
from pathlib import Path

from mlrun.environments.docker.building import build_context
from mlrun.environments.docker.content import list_entries
from mlrun.environments.docker.image import Image

BASE = Image("base", f"sha256:{'ab' * 32}", (), "amd64", {})
CODE = "code/mlflow/projects/code"


def packed(folder: Path) -> tarfile.TarFile:
    data = b"".join(build_context(BASE, folder, list_entries(folder)))
    return tarfile.open(fileobj=io.BytesIO(data))


def test_the_archive_has_the_code_for_anyone_to_use(tmp_path: Path) -> None:
    long = "x" * 120
    (tmp_path / "src" / long).mkdir(parents=True)
    (tmp_path / "src" / long / "größe.txt").write_bytes(b"1" * 3000)
    (tmp_path / "secretive.py").write_text("1")
    (tmp_path / "secretive.py").chmod(0o600)
    (tmp_path / "run.sh").write_text("1")
    (tmp_path / "run.sh").chmod(0o700)
    (tmp_path / "link").symlink_to("src")
    with packed(tmp_path) as archive:
        members = {m.name: m for m in archive.getmembers()}
        assert members[f"{CODE}/secretive.py"].mode == 0o666
        assert members[f"{CODE}/run.sh"].mode == 0o777
        assert members[CODE].mode == members[f"{CODE}/src"].mode == 0o777
        assert members[f"{CODE}/link"].linkname == "src"
        assert all(m.uid == m.gid == 0 for m in members.values())
        stream = archive.extractfile(f"{CODE}/src/{long}/größe.txt")
        assert stream is not None
        assert stream.read() == b"1" * 3000
        stream = archive.extractfile("Dockerfile")
        assert stream is not None
        assert stream.read().decode().splitlines() == [
            f"FROM {'ab' * 32}",
            "COPY code/ /",
            "WORKDIR /mlflow/projects/code",
        ]


def test_a_name_that_is_no_text_is_kept(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"\xff.txt")).write_text("1")
    with packed(tmp_path) as archive:
        assert os.fsdecode(b"code/mlflow/projects/code/\xff.txt") in archive.getnames()


def test_a_file_that_grows_or_shrinks_meanwhile_breaks_no_archive(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"1" * 10)
    entries = list_entries(tmp_path)
    (tmp_path / "a").write_bytes(b"2" * 5)
    (tmp_path / "b").write_text("not listed")
    data = b"".join(build_context(BASE, tmp_path, entries))
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        stream = archive.extractfile(f"{CODE}/a")
        assert stream is not None
        assert stream.read() == b"2" * 5
        assert f"{CODE}/b" not in archive.getnames()
