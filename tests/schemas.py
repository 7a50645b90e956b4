"""YAML texts as JSON Schemas see them, and the schemas as validators."""

from __future__ import annotations

from typing import Any

import yaml
from jsonschema import Draft202012Validator

from mlrun.schema_files import read_schema


class _Loader(yaml.SafeLoader):
    """What `yaml.safe_load` gives, with keys as they are written, and no dates."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        self.flatten_mapping(node)
        return {
            str(key.value): self.construct_object(value, deep=True) for key, value in node.value
        }


def _mapping(loader: _Loader, node: yaml.MappingNode) -> dict[Any, Any]:
    return loader.construct_mapping(node, deep=True)


def _text(_loader: _Loader, node: yaml.ScalarNode) -> str:
    return str(node.value)


_Loader.add_constructor("tag:yaml.org,2002:map", _mapping)
for _kind in ("timestamp", "binary"):
    _Loader.add_constructor(f"tag:yaml.org,2002:{_kind}", _text)


def instance(text: str) -> Any:
    """Return what a schema is given for a YAML text.

    Raises:
        yaml.YAMLError: It is no YAML.
    """
    return yaml.load(text, Loader=_Loader)


def validator(name: str) -> Draft202012Validator:
    """Return what checks against a schema of mlrun's."""
    return Draft202012Validator(read_schema(name))


def refusals(checker: Draft202012Validator, text: str) -> list[str]:
    """Return why a schema refuses a YAML text; nothing where it does not."""
    return [f"{error.json_path}: {error.message}" for error in checker.iter_errors(instance(text))]
