"""What is said of images that are not here, or are for other machines."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlrun.environments.docker.failures import engine_failure, image_failure
from mlrun.environments.docker.image import Image, foreign_processor
from mlrun.errors import Location
from mlrun.execution.container.engine import EngineError

PLACE = Location(Path("MLproject"), 2)


@pytest.mark.parametrize(
    ("message", "said", "hint"),
    [
        ("pull access denied for x, repository does not exist or may require 'docker login'",
         "does not give it", "`docker login`"),
        ("unauthorized: authentication required", "does not give it", "`docker login`"),
        ("manifest for x:9 not found: manifest unknown", "does not know this tag", "tag"),
        ("no matching manifest for linux/arm64/v8 in the manifest list entries",
         "none for this machine's processor", "platform="),
        ("toomanyrequests: You have reached your pull rate limit", "limits how many", "log in"),
        ("x509: certificate signed by unknown authority", "not trusted", "certs.d"),
        ("dial tcp: lookup registry-1.docker.io: no such host", "could not be pulled", "docker.io"),
        ("Credentials store error: StoreError('docker-credential-x not installed or not...')",
         "the program with its credentials failed", "docker login"),
    ],
)  # fmt: skip
def test_why_an_image_cannot_be_had(message: str, said: str, hint: str) -> None:
    error = image_failure("team/x", message, (), PLACE)
    assert said in error.message
    assert message in error.message
    assert hint in str(error.hint)
    assert error.location == PLACE


def test_the_login_is_for_the_image_s_registry() -> None:
    error = image_failure("reg.example.com/x", "unauthorized", ["reg.example.com/xy"], PLACE)
    assert "`docker login reg.example.com`" in str(error.hint)
    assert "did you mean 'reg.example.com/xy'" in str(error.hint)


def test_an_image_for_another_processor() -> None:
    def warned(image: str, machine: str) -> bool:
        one = Image("x", "sha256:0", (), image, {})
        return foreign_processor(one, {"Architecture": machine}, PLACE) is not None

    assert warned("arm64", "x86_64")
    assert warned("amd64", "aarch64")
    assert not warned("amd64", "x86_64")
    assert not warned("arm64", "arm64")
    assert not warned("386", "x86_64")
    assert not warned("", "x86_64")
    assert not warned("riscv64", "")


def test_an_engine_that_refuses_is_named_with_what_to_do() -> None:
    denied = EngineError(0, "no answer of the container engine at unix:///s: Permission denied")
    assert "usermod -aG docker" in str(engine_failure(denied, "unix:///s", PLACE).hint)
    silent = EngineError(0, "no answer of the container engine at unix:///s: Connection refused")
    assert "DOCKER_HOST" in str(engine_failure(silent, "unix:///s", PLACE).hint)
    refused = engine_failure(EngineError(500, "disk full"), "unix:///s", PLACE)
    assert refused.message == "the container engine at unix:///s refuses: disk full"
