"""What is said of an address with a scheme that no project comes from."""

from __future__ import annotations

from mlrun.errors import MlrunError, NotSupportedError, SourceError

_STORES = frozenset(
    {
        *("s3", "s3a", "s3n", "gs", "gcs", "r2", "b2", "oss", "swift", "minio"),
        *("abfs", "abfss", "adl", "adls", "az", "azure", "azureml", "wasb", "wasbs"),
        *("hdfs", "viewfs", "webhdfs", "dbfs", "hf"),
    }
)
_MLFLOW = frozenset({"runs", "models", "mlflow-artifacts"})
_TRANSFERS = frozenset({"ftp", "ftps", "sftp", "scp", "rsync"})

TAKEN = "taken are https, http, ssh, git and file, a folder, and archives by https or http"


def is_known_place(scheme: str) -> bool:
    """Return whether a scheme is known to hold files where no project is fetched from.

    Those are also written with one slash or none (`dbfs:/folder`, `runs:/id/path`).
    """
    return scheme in _STORES or scheme in _MLFLOW


def refusal(scheme: str) -> MlrunError:
    """Return the error for an address that begins with `scheme://`.

    Args:
        scheme: In lower case; none of those that are taken.
    """
    if scheme in _STORES:
        return NotSupportedError(
            f"'{scheme}://' is an object store, and projects are not taken from there",
            hint="download the folder and run it, or keep the project in a Git repository",
        )
    if scheme in _MLFLOW:
        return NotSupportedError(
            f"'{scheme}:/' names an artifact of a run, and projects are not taken from there",
            hint="download it (`mlflow artifacts download`) and run the folder",
        )
    if scheme in _TRANSFERS:
        return NotSupportedError(f"projects are not fetched by '{scheme}://'", hint=TAKEN)
    return SourceError(f"nothing is fetched by '{scheme}://'", hint=_near(scheme))


def _near(scheme: str) -> str:
    from difflib import get_close_matches

    near = get_close_matches(scheme, ("https", "http", "ssh", "git", "file"), n=1)
    return f"did you mean '{near[0]}://'?" if near else TAKEN
