"""Which object stores there are, and how the library of each is told what the environment says."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from mlrun.web.timeouts import connect_limit, stall_limit

_ONE_TRY = 1
"""Here the tries are counted once for all stores; a library's own would multiply them."""


class Store(NamedTuple):
    """A kind of object store.

    Attributes:
        protocol: What fsspec calls it.
        package: What fsspec needs for it.
        extra: The extra of the distribution that brings the package.
        options: From the address to what the file system is made with.
        place: From the options to what tells one server from another; holds no secret.
        login: How to show who one is, for messages.
    """

    protocol: str
    package: str
    extra: str
    options: Callable[[str], dict[str, Any]]
    place: Callable[[Mapping[str, Any]], str]
    login: str


def store_of(scheme: str) -> Store | None:
    """Return the store of a scheme, None where there is none."""
    return _STORES.get(scheme)


def schemes() -> tuple[str, ...]:
    """Return the schemes of all stores."""
    return tuple(_STORES)


def _s3_options(uri: str) -> dict[str, Any]:
    """Return what boto3 does not read itself: MLflow's variables, and the time limits."""
    config: dict[str, Any] = {
        "connect_timeout": connect_limit(),
        "read_timeout": stall_limit(),
        "retries": {"total_max_attempts": _ONE_TRY, "mode": "standard"},
    }
    style = os.environ.get("MLFLOW_BOTO_CLIENT_ADDRESSING_STYLE")
    if style:
        config["s3"] = {"addressing_style": style}
    options: dict[str, Any] = {"config_kwargs": config, "use_listings_cache": False}
    endpoint = os.environ.get("MLFLOW_S3_ENDPOINT_URL")
    if endpoint:
        options["endpoint_url"] = endpoint
    verify = _s3_verification()
    if verify is not None:
        options["client_kwargs"] = {"verify": verify}
    if "?versionId=" in uri:
        options["version_aware"] = True
    return options


def _s3_verification() -> bool | str | None:
    if os.environ.get("MLFLOW_S3_IGNORE_TLS", "").strip().lower() in ("1", "true"):
        return False
    if os.environ.get("AWS_CA_BUNDLE"):
        return None  # boto3 reads it
    return os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE") or None


def _s3_place(options: Mapping[str, Any]) -> str:
    variables = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL")
    given = next((os.environ[name] for name in variables if os.environ.get(name)), "")
    return _without_login(str(options.get("endpoint_url") or given))


def _gs_options(_: str) -> dict[str, Any]:
    return {"use_listings_cache": False, "timeout": stall_limit()}


def _gs_place(_: Mapping[str, Any]) -> str:
    return _without_login(os.environ.get("STORAGE_EMULATOR_HOST", ""))


def _abfs_options(uri: str) -> dict[str, Any]:
    """Return what adlfs does not read itself; without a secret it would ask as nobody."""
    options: dict[str, Any] = {
        "use_listings_cache": False,
        "connection_timeout": int(connect_limit()) or 1,
        "read_timeout": int(stall_limit()) or 1,
    }
    key = os.environ.get("AZURE_STORAGE_ACCESS_KEY")
    if key and not os.environ.get("AZURE_STORAGE_ACCOUNT_KEY"):
        options["account_key"] = key
    query = uri.partition("?")[2]
    if "sig=" in query:
        options["sas_token"] = query
    if not os.environ.get("AZURE_STORAGE_ANON") and not _has_azure_secret(options):
        options["anon"] = False
    return options


def _has_azure_secret(options: Mapping[str, Any]) -> bool:
    names = ("ACCOUNT_KEY", "CONNECTION_STRING", "SAS_TOKEN", "CLIENT_SECRET")
    given = any(os.environ.get(f"AZURE_STORAGE_{name}") for name in names)
    return given or "account_key" in options or "sas_token" in options


def _abfs_place(options: Mapping[str, Any]) -> str:
    account = options.get("account_name") or os.environ.get("AZURE_STORAGE_ACCOUNT_NAME")
    if account:
        return str(account)
    # Of a connection string the account's name and the endpoint are no secrets.
    parts = os.environ.get("AZURE_STORAGE_CONNECTION_STRING", "").split(";")
    return ";".join(p for p in parts if p.startswith(("AccountName=", "BlobEndpoint=")))


def _without_login(url: str) -> str:
    head, _, rest = url.rpartition("//")
    return f"{head}//{rest.rpartition('@')[2]}".rstrip("/") if rest else ""


_S3 = Store(
    "s3", "s3fs", "s3", _s3_options, _s3_place, "AWS_ACCESS_KEY_ID, AWS_PROFILE or `aws login`"
)
_GS = Store(
    "gs", "gcsfs", "gs", _gs_options, _gs_place,
    "GOOGLE_APPLICATION_CREDENTIALS, or `gcloud auth application-default login`",
)  # fmt: skip
_ABFS = Store(
    "abfs", "adlfs", "abfs", _abfs_options, _abfs_place,
    "AZURE_STORAGE_CONNECTION_STRING, AZURE_STORAGE_ACCOUNT_KEY, or `az login`",
)  # fmt: skip
_STORES = {
    **dict.fromkeys(("s3", "s3a"), _S3),
    **dict.fromkeys(("gs", "gcs"), _GS),
    **dict.fromkeys(("abfs", "abfss", "az"), _ABFS),
}
