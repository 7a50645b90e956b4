"""What a filter and an order may speak of, per kind of thing that is searched."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

METRIC = "metric"
PARAMETER = "parameter"
TAG = "tag"
ATTRIBUTE = "attribute"
DATASET = "dataset"

DATASET_KEYS = ("name", "digest", "context")

NUMERIC_OPERATORS = ("=", "!=", "<", "<=", ">", ">=")
TEXT_OPERATORS = ("=", "!=", "LIKE", "ILIKE")
LIST_OPERATORS = ("IN", "NOT IN")
NULL_OPERATORS = ("IS NULL", "IS NOT NULL")

_NONE: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What a filter or an order may name.

    Attributes:
        entities: What may stand before the dot, to what it means.
        texts: Attributes that are texts.
        numbers: Attributes that are numbers.
        aliases: Other names of attributes.
        lists: Attributes that may be compared with a list.
        list_entities: Entities that may be, whatever the key.
        null_entities: Entities that may be asked whether they are there.
        quoted_numbers: Whether a number may stand in quotes.
        bare_texts: Whether digits need no quotes where a text is wanted.
    """

    entities: Mapping[str, str]
    texts: frozenset[str]
    numbers: frozenset[str]
    aliases: Mapping[str, str] = field(default_factory=lambda: _NONE)
    lists: frozenset[str] = frozenset()
    list_entities: frozenset[str] = frozenset()
    null_entities: frozenset[str] = frozenset()
    quoted_numbers: bool = False
    bare_texts: bool = False

    def is_numeric(self, entity: str, key: str) -> bool:
        """Return whether values of this are numbers."""
        return entity == METRIC or (entity == ATTRIBUTE and key in self.numbers)

    def operators(self, entity: str, key: str) -> tuple[str, ...]:
        """Return the comparators that this may stand before."""
        if self.is_numeric(entity, key):
            return NUMERIC_OPERATORS
        found: tuple[str, ...] = TEXT_OPERATORS
        if entity in self.list_entities or (entity == ATTRIBUTE and key in self.lists):
            found += LIST_OPERATORS
        if entity in self.null_entities:
            found += NULL_OPERATORS
        return found


_ATTRIBUTE_WORDS = {"attribute": ATTRIBUTE, "attributes": ATTRIBUTE}
_TAG_WORDS = {"tag": TAG, "tags": TAG}

RUNS = Vocabulary(
    entities={
        **_ATTRIBUTE_WORDS,
        **_TAG_WORDS,
        "attr": ATTRIBUTE,
        "run": ATTRIBUTE,
        "metric": METRIC,
        "metrics": METRIC,
        "parameter": PARAMETER,
        "parameters": PARAMETER,
        "param": PARAMETER,
        "params": PARAMETER,
        "dataset": DATASET,
        "datasets": DATASET,
    },
    texts=frozenset({"run_id", "run_name", "user_id", "status", "artifact_uri"}),
    numbers=frozenset({"start_time", "end_time"}),
    aliases={
        "created": "start_time",
        "Created": "start_time",
        "run name": "run_name",
        "Run name": "run_name",
        "Run Name": "run_name",
    },
    lists=frozenset({"run_id"}),
    list_entities=frozenset({DATASET}),
    null_entities=frozenset({TAG, PARAMETER}),
)

EXPERIMENTS = Vocabulary(
    entities={**_ATTRIBUTE_WORDS, **_TAG_WORDS},
    texts=frozenset({"name", "experiment_id"}),
    numbers=frozenset({"creation_time", "last_update_time"}),
    lists=frozenset({"experiment_id"}),
    null_entities=frozenset({TAG}),
)

REGISTERED_MODELS = Vocabulary(
    entities={**_ATTRIBUTE_WORDS, **_TAG_WORDS},
    texts=frozenset({"name"}),
    numbers=frozenset(),
    lists=frozenset({"name"}),
)

MODEL_VERSIONS = Vocabulary(
    entities={**_ATTRIBUTE_WORDS, **_TAG_WORDS},
    texts=frozenset({"name", "run_id", "source_path"}),
    numbers=frozenset({"version_number"}),
    lists=frozenset({"name", "run_id"}),
    quoted_numbers=True,
)

LOGGED_MODELS = Vocabulary(
    entities={
        **_ATTRIBUTE_WORDS,
        **_TAG_WORDS,
        "metrics": METRIC,
        "metric": METRIC,
        "params": PARAMETER,
        "param": PARAMETER,
    },
    texts=frozenset({"name", "model_id", "model_type", "status", "source_run_id"}),
    numbers=frozenset({"creation_timestamp_ms", "last_updated_timestamp_ms"}),
    aliases={
        "creation_time": "creation_timestamp_ms",
        "creation_timestamp": "creation_timestamp_ms",
        "last_updated_timestamp": "last_updated_timestamp_ms",
        "last_updated_time": "last_updated_timestamp_ms",
    },
    lists=frozenset({"name", "model_id", "model_type", "status", "source_run_id"}),
    list_entities=frozenset({TAG, PARAMETER}),
    quoted_numbers=True,
    bare_texts=True,
)

REGISTERED_MODELS_ORDER = Vocabulary(
    entities={**_ATTRIBUTE_WORDS, **_TAG_WORDS},
    texts=frozenset({"name"}),
    numbers=frozenset({"last_updated_timestamp"}),
    aliases={"timestamp": "last_updated_timestamp"},
)

MODEL_VERSIONS_ORDER = Vocabulary(
    entities={**_ATTRIBUTE_WORDS, **_TAG_WORDS},
    texts=frozenset({"name"}),
    numbers=frozenset({"version_number", "creation_timestamp", "last_updated_timestamp"}),
)

METADATA = "metadata"

TRACES = Vocabulary(
    entities={
        **_ATTRIBUTE_WORDS,
        **_TAG_WORDS,
        "trace": ATTRIBUTE,
        "metadata": METADATA,
        "request_metadata": METADATA,
    },
    texts=frozenset({"request_id", "status", "client_request_id", "name", "run_id"}),
    numbers=frozenset({"timestamp_ms", "execution_time_ms", "end_time_ms", "experiment_id"}),
    aliases={
        "timestamp": "timestamp_ms",
        "execution_time": "execution_time_ms",
        "end_time": "end_time_ms",
        "trace_id": "request_id",
    },
    lists=frozenset({"request_id", "status", "client_request_id", "name", "run_id"}),
    null_entities=frozenset({TAG, METADATA}),
)
