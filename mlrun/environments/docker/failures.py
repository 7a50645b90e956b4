"""What an engine refuses, in one message: what, where, and what to do."""

from __future__ import annotations

from collections.abc import Iterable

from mlrun.errors import EnvironmentBuildError, Location
from mlrun.execution.container.engine import EngineError
from mlrun.execution.redact import mask_text


def engine_failure(error: EngineError, address: str, location: Location) -> EnvironmentBuildError:
    """Return the error for an engine that does not answer, or answers no."""
    if error.status:
        return EnvironmentBuildError(
            f"the container engine at {address} refuses: {mask_text(error.message)}",
            location=location,
        )
    if "permission denied" in error.message.lower():
        hint = (
            "ask to be put into the group that may use it (`sudo usermod -aG docker $USER`, then "
            "log in again), or use an engine of your own (rootless Docker, Podman)"
        )
    else:
        hint = (
            "start it (`sudo systemctl start docker`, Docker Desktop, or `systemctl --user start "
            "podman.socket`), or say where it is by DOCKER_HOST"
        )
    return EnvironmentBuildError(
        f"the project runs in a container, and there is {mask_text(error.message)}",
        location=location,
        hint=hint,
    )


def image_failure(
    name: str, message: str, local: Iterable[str], location: Location
) -> EnvironmentBuildError:
    """Return the error for an image that could not be pulled.

    Args:
        name: Of the image.
        message: The engine's, or docker's library's.
        local: The names of the images that are on this machine.
        location: Where the project names it.
    """
    from mlrun.near_miss import near_miss

    reason, hint = _reason(name, message)
    meant = near_miss(name, [known for known in local if known != name], 0.8)
    if meant is not None:
        hint = f"did you mean {meant!r}, which is on this machine? {hint}"
    return EnvironmentBuildError(
        f"the image {name} is not on this machine, and {reason}: {mask_text(message).strip()}",
        location=location,
        hint=hint,
    )


def _reason(name: str, message: str) -> tuple[str, str]:
    """Return why an image cannot be had, and what to do; from the words of the registries."""
    from mlrun.environments.docker.reference import registry_of

    text = message.lower()
    registry = registry_of(name)
    login = "`docker login`" if registry == "docker.io" else f"`docker login {registry}`"
    if any(word in text for word in ("no matching manifest", "does not match the specified plat")):
        return (
            "its registry has none for this machine's processor",
            "choose another tag, or -A platform=linux/amd64 where this machine can emulate that",
        )
    if "toomanyrequests" in text or "rate limit" in text:
        return "its registry limits how many are pulled", f"wait, or log in by {login}"
    if "credentials store error" in text or "docker-credential-" in text:
        return "the program with its credentials failed", f"repair it, or log in by {login}"
    if "manifest unknown" in text or "manifest for" in text:
        return "its registry does not know this tag", "correct the image's tag"
    if any(w in text for w in ("denied", "unauthorized", "no basic auth", "authentication req")):
        return (
            "its registry does not give it",
            f"correct the name or, where it is private, log in by {login}",
        )
    if "not found" in text or "does not exist" in text or "name unknown" in text:
        return "its registry does not have it", "correct the image's name"
    if "x509" in text or "http response to https" in text or "tls" in text:
        return (
            "its registry is not trusted by the engine",
            "put its certificate into /etc/docker/certs.d, or list it as insecure in the engine's "
            "settings",
        )
    return (
        "it could not be pulled",
        f"see whether the engine can reach {registry} (network, proxy), or bring the image here "
        "by `docker load`",
    )
