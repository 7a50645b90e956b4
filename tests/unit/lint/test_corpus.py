"""What lint finds in real project files, which lie beside the repository."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping

import pytest

from mlrun.lint.project_file import check_project_file
from mlrun.lint.rules.all import ALL_RULES
from tests import components
from tests.unit.project.test_corpus import CORPUS, PATHS, STARTER

CHAP = "dhis2-chap__chap-core/external_models"

LEFT_OUT = {"missing-environment-file", "missing-requirements-file"}
"""What is found because a project's other files were not kept with it."""

FOUND: Mapping[str, Mapping[str, int]] = {
    "bad-image": {
        "G-Morgen__SSAD/mlflow_project/MLproject": 1,
    },
    "continued-line": {
        "0shimax__PyTorch-SoftTriple/src/MLproject": 1,
        "4castRenewables__maelstrom-train/mlproject/MLproject": 1,
        "MaxVigne__mle-trafic-cycliste/MLProject": 1,
        "nuniesmith__fks_training/MLproject.yaml": 3,
    },
    "glued-option": {
        "pchding__kph/mlflow/MLproject": 1,
    },
    "image-name": {
        "Al-Vt__Alertwildfire-fire-and-smoke-detection/training/MLproject": 1,
        "G-Morgen__SSAD/mlflow_project/MLproject": 1,
        "RicardoBurboa__MLOps_Fase3/MLproject.yaml": 1,
        "dhis2-chap__Madagascar_ARIMA/MLproject.yaml": 1,
    },
    "inline-python-env": {
        "Bwillia13x__value_partner/models/MLproject": 1,
    },
    "literal-braces": {
        "Ega2901__IRSpecML/MLProject": 1,
    },
    "misplaced-command": {
        "GOURAVRISHI__simple_dvc_project/MLProject": 1,
    },
    "missing-output": {
        "Peetee06__tnyML/mlops/MLproject": 3,
        "T-Sunm__sales_forecasting_xai/ml/MLproject": 2,
        "dhis2-chap__Madagascar_ARIMA/MLproject.yaml": 1,
        "dhis2-chap__chap_auto_ewars/MLproject": 1,
        "martin-og-ingar__mestDS/test/MLproject": 1,
    },
    "missing-space": {
        "0shimax__PyTorch-SoftTriple/src/MLproject": 6,
        "Anurich__Active-Learning-With-MLflow/src/MLproject": 3,
        "HiEST__Fem-IoT/app/MLproject": 1,
        "pchding__kph/mlflow/MLproject": 20,
        "tciodaro__eng_ml/code/MLproject": 1,
    },
    "misspelt-key": {
        "pchding__kph/mlflow/MLproject": 6,
    },
    "mlflow-empty": {
        "AxekA13__ModelTracking/MLProject": 1,
        "kimkihoon0515__AIP/project/MLproject": 1,
    },
    "nested-pip": {
        "Bwillia13x__value_partner/models/MLproject": 1,
    },
    "nested-run": {
        "RicardoBurboa__MLOps_Fase3/MLproject.yaml": 1,
    },
    "no-command": {
        "kimkihoon0515__AIP/project/MLproject": 1,
    },
    "null-environment": {
        "Jimaras08__mlops-lab-example-yelp/MLProject": 1,
    },
    "outer-environment-file": {
        "T448__mlbot_public/src/train/MLproject": 1,
        "mathmusicoverlord__orthrus/mlflow/MLproject": 1,
    },
    "quoted-placeholder": {
        "JG-0212__DA5402_MLOps_A8/project/MLproject": 1,
        "fabian4cast__minimal-mantik-project/mlproject/MLproject": 1,
    },
    "several-commands": {
        "pedroilidio__ijcnn2024/experiments/MLproject": 2,
    },
    "several-environments": {
        "user27c__project-03-ml-pipeline-tracking/mlflow/MLproject": 1,
    },
    "shell-in-container": {
        "AnsealArt__ASI-MLFlow/MLProject": 1,
    },
    "split-value": {
        "DrUkachi__loan-default/MLProject": 1,
        "Morsinaldo__water_bottle_mlflow/MLProject": 1,
        "marcosjacinto__GPR-U-Net-with-XAI/pipeline/MLproject": 5,
        f"{STARTER}/MLproject": 1,
    },
    "template": {
        f"{STARTER}/cookie-mlflow-step/{{{{cookiecutter.step_name}}}}/MLproject": 1,
    },
    "trailing-backslash": {
        "serzaraisk__lsml-2-final_task_v2/MLflow/MLproject": 1,
    },
    "unknown-key": {
        "Jimaras08__mlops-lab-example-yelp/MLProject": 1,
        f"{CHAP}/naive_python_model_uv/MLproject": 3,
        f"{CHAP}/naive_python_model_with_mlproject_file_and_docker/MLproject": 1,
        "dhis2-chap__chap_auto_ewars/MLproject": 7,
        "dhis2-chap__ewars_plus_python_wrapper/MLproject": 1,
        "dhis2-chap__rwanda_sarimax/MLproject": 1,
        "rocket-stratio__demoMLFlowProjectPublic/mlflow/MLproject": 1,
    },
    "unknown-placeholder": {
        "AMontiB__defakedemonstrator/src/MLproject": 1,
        "dhis2-chap__ewars_plus_python_wrapper/MLproject": 2,
    },
    "unpinned-python": {
        "Bwillia13x__value_partner/models/MLproject": 1,
    },
    "unseen-project-file": {
        "RicardoBurboa__MLOps_Fase3/MLproject.yaml": 1,
        "dhis2-chap__Madagascar_ARIMA/MLproject.yaml": 1,
        "nuniesmith__fks_training/MLproject.yaml": 1,
        "shum-panda__xai-eval-pipeline/MLproject.yaml": 1,
        "zagazao__binary-dl-tsc/MLproject.yml": 1,
    },
    "unused-parameter": {
        "BU-DEPEND-Lab__TrojAI-Submissions/MLProject": 3,
        "DataScientest-Studio__CDE-OCT23-OPA/mlflow/MLproject": 1,
        "Ega2901__IRSpecML/MLProject": 2,
        "RicardoBurboa__MLOps_Fase3/MLproject.yaml": 2,
        "T448__mlbot_public/src/train/MLproject": 2,
        "cguz__mlflow-template/src/MLproject": 1,
        "fmedrano-stratio__MLProject_pyspark/mlflow/MLproject": 2,
        "pchding__kph/mlflow/MLproject": 2,
        "pedroilidio__ijcnn2024/experiments/MLproject": 1,
        "rocket-stratio__demoMLFlowProjectPublic/mlflow/MLproject": 2,
        "shum-panda__xai-eval-pipeline/MLproject.yaml": 1,
    },
    "windows-variable": {
        "2nzi__MLflowProject-Train/MLProject": 1,
    },
    "yaml-missing-space": {
        "2025-1-productos-de-datos__PRE-10-mlflow-ambiente-docker-ArleyHL/MLproject": 1,
    },
    "yaml-quoting": {
        "Charlestng__disney_review/MLProject": 1,
    },
}
"""For each rule, how often it finds something in which file."""


@pytest.fixture(autouse=True)
def _corpus() -> None:
    if not PATHS:
        components.missing("corpus", "the folder shared/corpus beside the repository")


def found() -> dict[str, Counter[str]]:
    by_rule: dict[str, Counter[str]] = defaultdict(Counter)
    for path in PATHS:
        for problem in check_project_file(CORPUS / path):
            by_rule[str(problem.rule)][path] += 1
    return by_rule


def test_what_is_found() -> None:
    by_rule = found()
    assert by_rule.keys() <= ALL_RULES.keys()
    assert {rule: dict(of) for rule, of in by_rule.items() if rule not in LEFT_OUT} == FOUND


def test_most_files_are_as_they_should_be() -> None:
    wrong = {path for of in FOUND.values() for path in of}
    assert len(PATHS) - len(wrong) > 80


@pytest.mark.parametrize("path", PATHS or [""])
def test_each_finding_says_where_and_what_to_do(path: str) -> None:
    for problem in check_project_file(CORPUS / path):
        assert problem.hint
        assert problem.location is not None
        assert problem.location.file == CORPUS / path
        has_line = problem.location.line is not None
        assert has_line is (problem.rule not in ("unseen-project-file", "several-project-files"))
