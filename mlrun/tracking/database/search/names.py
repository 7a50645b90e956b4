"""Reads the name of what is compared or ordered by: `metrics.loss`, `tags."my key"`, `status`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mlrun.tracking.database.api_error import ApiError
from mlrun.tracking.database.search.tokens import QUOTED, WORD, Token, refusal
from mlrun.tracking.database.search.vocabulary import (
    ATTRIBUTE,
    DATASET,
    DATASET_KEYS,
    Vocabulary,
)


@dataclass(frozen=True, slots=True)
class Name:
    """What is compared or ordered by.

    Attributes:
        entity: `metric`, `parameter`, `tag`, `attribute` or `dataset`.
        key: Its key; an attribute's by its proper name, not by an alias.
    """

    entity: str
    key: str


def read_name(
    text: str, tokens: Sequence[Token], index: int, vocabulary: Vocabulary
) -> tuple[Name, int]:
    """Read the name that begins at a token, and return it with the index of what follows.

    Args:
        text: The whole filter or order, for messages.
        tokens: Of that text.
        index: Of a word or of something in quotes.
        vocabulary: What may be named.

    Raises:
        ApiError: It names nothing that exists.
    """
    first = tokens[index]
    parts, index = _parts(text, tokens, index)
    if len(parts) == 1:
        return Name(ATTRIBUTE, _attribute(text, first, parts[0], vocabulary)), index
    entity = vocabulary.entities.get(parts[0])
    if entity is None:
        raise refusal(
            text,
            first.start,
            f"Invalid entity type '{parts[0]}'. Valid values are {sorted(vocabulary.entities)}",
        )
    key = ".".join(parts[1:])
    if entity == ATTRIBUTE:
        key = _attribute(text, first, key, vocabulary)
    if entity == DATASET and key not in DATASET_KEYS:
        raise refusal(
            text,
            first.start,
            f"Invalid dataset key '{key}' specified. Valid keys are {list(DATASET_KEYS)}",
        )
    return Name(entity, key), index


def _parts(text: str, tokens: Sequence[Token], index: int) -> tuple[list[str], int]:
    """Return the texts between the dots, without quotes, and the index of what follows."""
    parts = [tokens[index].content]
    end = tokens[index].end
    index += 1
    while index < len(tokens) and tokens[index].text == "." and tokens[index].start == end:
        after = tokens[index + 1] if index + 1 < len(tokens) else None
        is_part = after is not None and (after.kind in (WORD, QUOTED) or after.text == "*")
        if after is None or not is_part or after.start != tokens[index].end:
            raise refusal(text, end, "Invalid identifier: a key is missing after the dot")
        parts.append(after.content)
        end = after.end
        index += 2
    if index < len(tokens) and tokens[index].start == end and tokens[index].kind in (WORD, QUOTED):
        raise refusal(text, end, "Invalid identifier: it ends here, and something follows it")
    return parts, index


def _attribute(text: str, token: Token, key: str, vocabulary: Vocabulary) -> str:
    proper = vocabulary.aliases.get(key, key)
    if proper in vocabulary.texts or proper in vocabulary.numbers:
        return proper
    raise _unknown_attribute(text, token, key, vocabulary)


def _unknown_attribute(text: str, token: Token, key: str, vocabulary: Vocabulary) -> ApiError:
    from mlrun.near_miss import near_miss

    valid = sorted({*vocabulary.texts, *vocabulary.numbers, *vocabulary.aliases})
    near = near_miss(key, valid)
    hint = f" Did you mean '{near}'?" if near else ""
    return refusal(
        text,
        token.start,
        f"Invalid attribute key '{key}' specified. Valid keys are {valid}.{hint}",
    )
