"""Rules about `python_env.yaml` and `conda.yaml`."""

from __future__ import annotations

from mlrun.lint.rules.rule import Rule, Severity, Subject

_PYTHON = """\
python: '3.11'
dependencies:
  - numpy==2.1.0
"""
_CONDA = """\
channels:
  - conda-forge
dependencies:
  - python=3.11
  - numpy=2.1
"""
_CONDA_WITH_PIP = """\
channels:
  - conda-forge
dependencies:
  - python=3.11
  - pip
  - pip:
      - mlflow==3.1.0
"""

_OF_PYTHON: tuple[Rule, ...] = (
    Rule(
        name="bad-python-version",
        severity=Severity.ERROR,
        subject=Subject.PYTHON_ENV,
        summary="`python` is no version of Python",
        reason="Neither mlrun nor MLflow can make an environment for it.",
        bad=_PYTHON.replace("'3.11'", "three"),
        good=_PYTHON,
        in_schema=True,
    ),
    Rule(
        name="bad-requirement",
        severity=Severity.ERROR,
        subject=Subject.PYTHON_ENV,
        summary="An item of a list of requirements is none",
        reason="pip and uv refuse the whole list for one line that is no requirement, such as a"
        " name with a sign and no version, or a list under a name.",
        bad=_PYTHON.replace("numpy==2.1.0", "numpy:\n      - 2.1.0"),
        good=_PYTHON,
        in_schema=True,
    ),
    Rule(
        name="conda-as-python-env",
        severity=Severity.ERROR,
        subject=Subject.PYTHON_ENV,
        summary="A conda environment stands where a Python environment is expected",
        reason="`channels` is a key of conda's. A project names such a file under `conda_env`.",
        bad=_CONDA,
        good=_PYTHON,
        in_schema=True,
    ),
    Rule(
        name="conda-form",
        severity=Severity.ERROR,
        subject=Subject.PYTHON_ENV,
        summary="A requirement for pip has conda's form, with a single `=`",
        reason="pip and uv refuse it. The same holds for the `pip` list of a conda.yaml.",
        bad=_PYTHON.replace("==", "="),
        good=_PYTHON,
        is_mended=True,
        in_schema=True,
    ),
    Rule(
        name="duplicate-requirement",
        severity=Severity.WARNING,
        subject=Subject.PYTHON_ENV,
        summary="A list names a package twice",
        reason="Where the two differ, pip refuses the list. Only a line that says just the same"
        " is removed by `--fix`.",
        bad=_PYTHON + "  - pandas\n  - numpy==2.1.0\n",
        good=_PYTHON + "  - pandas\n",
        is_mended=True,
    ),
    Rule(
        name="missing-requirements-file",
        severity=Severity.ERROR,
        subject=Subject.PYTHON_ENV,
        summary="A file that `-r` or `-c` names is not there",
        reason="The environment cannot be made. Paths are relative to the file that names them.",
        bad=_PYTHON + "  - -r requirments.txt\n",
        good=_PYTHON + "  - -r requirements.txt\n",
        beside=(("requirements.txt", "pandas\n"),),
    ),
    Rule(
        name="nested-pip",
        severity=Severity.NOTE,
        subject=Subject.PYTHON_ENV,
        summary="A Python environment has a `pip` list within its list, as conda has it",
        reason="mlrun reads its items as if they stood in the list itself; MLflow fails.",
        bad="python: '3.11'\ndependencies:\n  - pip:\n      - numpy==2.1.0\n",
        good=_PYTHON,
        is_mended=True,
    ),
    Rule(
        name="odd-python-version",
        severity=Severity.NOTE,
        subject=Subject.PYTHON_ENV,
        summary="`python` says more than a version",
        reason="mlrun finds the version in it, conda's build or a name left out; MLflow asks pyenv"
        " or uv for the whole text, which is no version.",
        bad=_PYTHON.replace("'3.11'", "python == 3.11"),
        good=_PYTHON,
        is_mended=True,
    ),
    Rule(
        name="python-as-requirement",
        severity=Severity.NOTE,
        subject=Subject.PYTHON_ENV,
        summary="Python itself stands among the requirements",
        reason="mlrun takes it for the version that is wanted; MLflow hands it to pip, which has"
        " no such package.",
        bad="dependencies:\n  - python == 3.11\n  - numpy==2.1.0\n",
        good=_PYTHON,
    ),
    Rule(
        name="requirement-with-colon",
        severity=Severity.NOTE,
        subject=Subject.PYTHON_ENV,
        summary="A requirement is written as a name, a colon and a version",
        reason="mlrun reads `numpy: 2.1.0` as `numpy==2.1.0`; MLflow fails.",
        bad=_PYTHON.replace("==", ": "),
        good=_PYTHON,
        is_mended=True,
    ),
    Rule(
        name="requirements-no-list",
        severity=Severity.NOTE,
        subject=Subject.PYTHON_ENV,
        summary="`build_dependencies` or `dependencies` is a mapping or a text, and no list",
        reason="mlrun reads `numpy: 2.1.0` as `numpy==2.1.0`, and each line of a text as a"
        " requirement; MLflow takes lists only.",
        bad=_PYTHON.replace("- numpy==", "numpy: "),
        good=_PYTHON,
        is_mended=True,
    ),
    Rule(
        name="unpinned-python",
        severity=Severity.WARNING,
        subject=Subject.PYTHON_ENV,
        summary="No version of Python is named",
        reason="Then it is another one on each machine, or next year, and packages that worked may"
        " not be there for it. The same holds for a conda.yaml with a `pip` list.",
        bad="dependencies:\n  - numpy==2.1.0\n",
        good=_PYTHON,
    ),
    Rule(
        name="unquoted-python-version",
        severity=Severity.NOTE,
        subject=Subject.PYTHON_ENV,
        summary="A version of Python is not in quotes, so that it is a number to YAML",
        reason="mlrun reads `3.10` as it is written; to others it is the number 3.1, and MLflow"
        " refuses any number.",
        bad=_PYTHON.replace("'3.11'", "3.10"),
        good=_PYTHON.replace("3.11", "3.10"),
        is_mended=True,
    ),
)

_OF_CONDA: tuple[Rule, ...] = (
    Rule(
        name="bad-variable",
        severity=Severity.ERROR,
        subject=Subject.CONDA,
        summary="An item of `variables` cannot be set as a variable",
        reason="A name consists of letters, digits and `_`, and a value is one text.",
        bad=f"{_CONDA}variables:\n  LOG-LEVEL: debug\n",
        good=f"{_CONDA}variables:\n  LOG_LEVEL: debug\n",
        in_schema=True,
    ),
    Rule(
        name="conda-build",
        severity=Severity.WARNING,
        subject=Subject.CONDA,
        summary="A package is pinned to one build of a version",
        reason="A build is of one platform, and old builds leave the channels: elsewhere the"
        " environment cannot be made. `conda env export --no-builds` writes none.",
        bad=_CONDA.replace("python=3.11", "python=3.11.8=hab00c5b_0_cpython"),
        good=_CONDA.replace("python=3.11", "python=3.11.8"),
    ),
    Rule(
        name="conda-prefix",
        severity=Severity.WARNING,
        subject=Subject.CONDA,
        summary="`prefix` is left from an export",
        reason="It tells where the environment was on somebody's machine, and is not used.",
        bad=f"{_CONDA}prefix: /home/me/miniconda3/envs/train\n",
        good=_CONDA,
        is_mended=True,
    ),
    Rule(
        name="exact-minor-python",
        severity=Severity.WARNING,
        subject=Subject.CONDA,
        summary="`python==3.11` asks conda for 3.11.0",
        reason="With two equals signs conda means exactly that version, and 3.11 equals 3.11.0:"
        " the first of its kind, without all that was mended since. `python=3.11` is the newest.",
        bad=_CONDA.replace("python=3.11", "python == 3.11"),
        good=_CONDA,
    ),
    Rule(
        name="number-as-package",
        severity=Severity.ERROR,
        subject=Subject.CONDA,
        summary="A package, a requirement or a channel is no text to YAML, but a number, say",
        reason="conda refuses it, and there is no telling which package is meant.",
        bad=_CONDA.replace("python=3.11", "3.11"),
        good=_CONDA,
        in_schema=True,
    ),
    Rule(
        name="package-with-colon",
        severity=Severity.ERROR,
        subject=Subject.CONDA,
        summary="A package is written as a name, a colon and a version",
        reason="That is a mapping to YAML, which conda, mlrun and MLflow refuse.",
        bad=_CONDA.replace("numpy=2.1", "numpy: 2.1"),
        good=_CONDA,
        is_mended=True,
        in_schema=True,
    ),
    Rule(
        name="pip-not-listed",
        severity=Severity.NOTE,
        subject=Subject.CONDA,
        summary="There is a `pip` list, and pip is not among the packages",
        reason="mlrun installs the list without it; conda adds a pip of its own choice, with a"
        " warning.",
        bad=_CONDA_WITH_PIP.replace("  - pip\n", ""),
        good=_CONDA_WITH_PIP,
        is_mended=True,
    ),
    Rule(
        name="pip-outside-dependencies",
        severity=Severity.ERROR,
        subject=Subject.CONDA,
        summary="`pip` stands beside `dependencies`, and not below it",
        reason="conda ignores it there, so that its packages would be missing.",
        bad=_CONDA + "pip:\n  - mlflow==3.1.0\n",
        good=_CONDA_WITH_PIP,
        in_schema=True,
    ),
    Rule(
        name="python-env-as-conda",
        severity=Severity.ERROR,
        subject=Subject.CONDA,
        summary="A Python environment stands where a conda environment is expected",
        reason="`python` and `build_dependencies` are keys of python_env.yaml. A project names"
        " such a file under `python_env`.",
        bad=_PYTHON,
        good=_CONDA,
        in_schema=True,
    ),
    Rule(
        name="second-pip-list",
        severity=Severity.WARNING,
        subject=Subject.CONDA,
        summary="There is more than one `pip` list",
        reason="mlrun installs both; conda takes the last one alone.",
        bad=_CONDA_WITH_PIP + "  - pip:\n      - pandas\n",
        good=_CONDA_WITH_PIP + "      - pandas\n",
    ),
    Rule(
        name="unknown-package-list",
        severity=Severity.ERROR,
        subject=Subject.CONDA,
        summary="A list among the dependencies is not that of pip",
        reason="No other installer can have a list there.",
        bad=_CONDA_WITH_PIP.replace("pip:", "ppi:"),
        good=_CONDA_WITH_PIP,
        in_schema=True,
    ),
)

RULES: tuple[Rule, ...] = _OF_PYTHON + _OF_CONDA
