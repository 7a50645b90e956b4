"""Which file systems are of one machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlrun.tracking.database.file_systems import is_local

MOUNTS = r"""
21 1 0:1 / / rw,relatime shared:1 - ext4 /dev/vda rw
22 21 0:2 / /home rw - nfs4 server:/home rw
23 22 0:3 / /home/ada/scratch rw - xfs /dev/vdb rw
24 21 0:4 / /mnt/with\040blank rw - fuse.sshfs ada@host: rw
25 21 0:5 / /mnt/over rw - nfs server:/x rw
26 25 0:6 / /mnt/over rw - tmpfs none rw
27 21 0:7 / /lustre rw - lustre x rw
28 21 0:8 / /docker rw - overlay overlay rw
a line that is none
"""


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/srv/mlflow.db", True),
        ("/homes/mlflow.db", True),
        ("/home/ada/mlflow.db", False),
        ("/home/ada/scratch/mlflow.db", True),
        ("/mnt/with blank/mlflow.db", False),
        ("/mnt/over/mlflow.db", True),
        ("/lustre/mlflow.db", False),
        ("/docker/mlflow.db", True),
    ],
)
def test_kind_is_that_of_the_nearest_mount(path: str, expected: bool) -> None:
    assert is_local(Path(path), MOUNTS) is expected


def test_links_are_followed(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("/lustre")
    assert not is_local(tmp_path / "link" / "mlflow.db", MOUNTS)


def test_unknown_is_not_local() -> None:
    assert not is_local(Path("/x"), "")
