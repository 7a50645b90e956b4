"""Rules about the environments that a project file names."""

from __future__ import annotations

from functools import partial

from mlrun.lint.rules.rule import Rule, Severity, Subject

_rule = partial(Rule, subject=Subject.PROJECT)

_MAIN = """\
entry_points:
  main:
    command: python train.py
"""
_CONDA = "name: churn\ndependencies:\n  - python=3.11\n  - scikit-learn\n"
_GOOD = f"name: churn\nconda_env: conda.yaml\n{_MAIN}"
_DOCKER = f"name: churn\ndocker_env:\n  image: churn-train:1.0\n{_MAIN}"
_BESIDE = (("conda.yaml", _CONDA),)

RULES: tuple[Rule, ...] = (
    _rule(
        name="several-environments",
        severity=Severity.ERROR,
        summary="More than one environment is named",
        reason="mlrun runs the project only where `--env-manager` chooses one of them. MLflow"
        " refuses the file.",
        bad=_GOOD.replace("conda_env", "docker_env:\n  image: churn-train:1.0\nconda_env"),
        good=_GOOD,
        in_schema=True,
        beside=_BESIDE,
    ),
    _rule(
        name="null-environment",
        severity=Severity.WARNING,
        summary="An environment key has no value",
        reason="To mlrun that is a project without an environment, even where `conda.yaml` lies"
        " beside it. MLflow acts as if the key were not there, but refuses a second one.",
        bad=_GOOD.replace("conda.yaml", "null"),
        good=_GOOD,
        beside=_BESIDE,
    ),
    _rule(
        name="missing-environment-file",
        severity=Severity.ERROR,
        summary="The environment file that is named is not there",
        reason="Neither mlrun nor MLflow makes the environment. Paths are relative to the project's"
        " folder.",
        bad=_GOOD.replace("conda.yaml", "cnda.yaml"),
        good=_GOOD,
        beside=_BESIDE,
    ),
    _rule(
        name="outer-environment-file",
        severity=Severity.NOTE,
        summary="The environment file lies outside the project's folder",
        reason="The project runs only where the folder around it has been brought along: not from"
        " an archive of the folder itself, nor from a copy of it.",
        bad=_GOOD.replace("conda.yaml", "../shared.yaml"),
        good=_GOOD,
        beside=(*_BESIDE, ("../shared.yaml", _CONDA)),
    ),
    _rule(
        name="windows-path",
        severity=Severity.NOTE,
        summary="A path has the form that it has on Windows",
        reason="Other systems take a backslash for a part of a file's name. mlrun finds the"
        " environment file nevertheless, MLflow does not.",
        bad=_GOOD.replace("conda.yaml", "envs\\conda.yaml"),
        good=_GOOD.replace("conda.yaml", "envs/conda.yaml"),
        is_mended=True,
        beside=(("envs/conda.yaml", _CONDA),),
    ),
    _rule(
        name="windows-variable",
        severity=Severity.ERROR,
        summary="A volume has a variable in the form that it has on Windows",
        reason="Elsewhere `%cd%` is plain text, and the volume is none. mlrun replaces `$(pwd)`,"
        " which is the project's folder, and `${NAME}`.",
        bad=_DOCKER.replace("1.0\n", "1.0\n  volumes: ['%cd%/data:/data']\n"),
        good=_DOCKER.replace("1.0\n", "1.0\n  volumes: ['$(pwd)/data:/data']\n"),
    ),
    _rule(
        name="mlflow-environment",
        severity=Severity.NOTE,
        summary="`python_env` names a file that MLflow does not read",
        reason="mlrun takes a pyproject.toml and a list of requirements, too. MLflow looks for what"
        " a python_env.yaml holds, and ends with a traceback.",
        bad=f"name: churn\npython_env: requirements.txt\n{_MAIN}",
        good=f"name: churn\npython_env: python_env.yaml\n{_MAIN}",
        beside=(
            ("requirements.txt", "scikit-learn==1.5.2\n"),
            ("python_env.yaml", "python: '3.11'\ndependencies: [-r requirements.txt]\n"),
        ),
    ),
    _rule(
        name="inline-python-env",
        severity=Severity.NOTE,
        summary="The Python environment stands in the project file itself",
        reason="mlrun reads it there. MLflow takes the value of `python_env` for the path of a"
        " file, and ends with a traceback.",
        bad=f"name: churn\npython_env:\n  python: '3.11'\n  dependencies: [scikit-learn]\n{_MAIN}",
        good=f"name: churn\npython_env: python_env.yaml\n{_MAIN}",
        beside=(("python_env.yaml", "python: '3.11'\ndependencies: [scikit-learn]\n"),),
    ),
    _rule(
        name="own-environment",
        severity=Severity.NOTE,
        summary="An entry point names an environment of its own",
        reason="mlrun runs it there. MLflow does not see the key, and runs the command in the"
        " project's environment.",
        bad=f"name: churn\n{_MAIN}    conda_env: conda.yaml\n",
        good=_GOOD,
        beside=_BESIDE,
    ),
    _rule(
        name="docker-env-text",
        severity=Severity.NOTE,
        summary="`docker_env` is a text",
        reason="mlrun takes it for the name of the image. MLflow takes a mapping with an `image`"
        " only, and ends with a traceback.",
        bad=_DOCKER.replace("\n  image: churn-train:1.0", " churn-train:1.0"),
        good=_DOCKER.replace("\n  image: churn-train:1.0", " {image: churn-train:1.0}"),
        is_mended=True,
    ),
    _rule(
        name="docker-list",
        severity=Severity.NOTE,
        summary="`volumes` or `environment` of `docker_env` is no list",
        reason="mlrun takes a single text, and a mapping of variables, too. MLflow refuses both.",
        bad=_DOCKER.replace("1.0\n", "1.0\n  environment:\n    SEED: 7\n"),
        good=_DOCKER.replace("1.0\n", "1.0\n  environment:\n    - [SEED, '7']\n"),
    ),
    _rule(
        name="bad-image",
        severity=Severity.ERROR,
        summary="The image's name is one that no image can have",
        reason="Docker takes small letters, digits and `.`, `_`, `-` between them, a registry"
        " before and a tag behind. mlrun starts nothing, and `docker run` fails under MLflow.",
        bad=_DOCKER.replace("churn-train:1.0", "Churn:1.0"),
        good=_DOCKER,
    ),
    _rule(
        name="image-name",
        severity=Severity.NOTE,
        summary="A project that runs in Docker has capital letters in its name",
        reason="`mlflow run --build-image` names the image after the project, and Docker refuses"
        " capital letters there. mlrun writes the image's name in small letters.",
        bad=_DOCKER.replace("name: churn", "name: Churn"),
        good=_DOCKER,
    ),
)
