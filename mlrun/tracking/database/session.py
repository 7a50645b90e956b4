"""Transactions on a local database."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any


class Session:
    """One transaction.

    Attributes:
        artifact_root: Absolute path or URI under which new experiments get their folder.
        head: The schema's revision (alembic), such as `bda7b8c39065`.
    """

    artifact_root: str
    head: str

    def rows(self, statement: str, values: Sequence[Any] = ()) -> list[sqlite3.Row]:
        """Return all rows of a query, each readable by column name."""
        raise NotImplementedError

    def row(self, statement: str, values: Sequence[Any] = ()) -> sqlite3.Row | None:
        """Return the first row of a query, None if it has none."""
        raise NotImplementedError

    def change(self, statement: str, values: Sequence[Any] = ()) -> int:
        """Run a statement, and return how many rows it changed."""
        raise NotImplementedError

    def insert(
        self,
        table: str,
        rows: Iterable[Mapping[str, Any]],
        *,
        on_conflict: str = "",
    ) -> None:
        """Add rows that all have the same fields.

        Fields whose column this schema lacks are left out; columns that a later schema demands
        (`experiments.workspace`) are filled in.

        Args:
            table: Where.
            rows: Column to value.
            on_conflict: What follows `ON CONFLICT`, such as `DO NOTHING`.
        """
        raise NotImplementedError

    def columns(self, table: str) -> frozenset[str]:
        """Return a table's columns, none if there is no such table."""
        raise NotImplementedError

    @contextmanager
    def part(self) -> Iterator[None]:
        """Undo what the block did if it raises, and nothing else (a savepoint)."""
        raise NotImplementedError
        yield


class Database:
    """A local database of MLflow's, made when it is first written to.

    One thread at a time may use one object; several objects, in threads and processes, may
    use one file.

    Args:
        path: The file, absolute.
        artifact_root: Absolute path or URI under which new experiments get their folder;
            by default `mlruns` beside where the user stands.
    """

    def __init__(self, path: Path, artifact_root: str) -> None:
        raise NotImplementedError

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Give a transaction that sees one state of the database."""
        raise NotImplementedError
        yield

    @contextmanager
    def writing(self, patience: float | None = None) -> Iterator[Session]:
        """Give a transaction that holds the write lock from the start (BEGIN IMMEDIATE).

        It is committed at the end of the block, and undone if that raises.

        Args:
            patience: Seconds to wait for other writers; None for the usual time.

        Raises:
            ApiError: TEMPORARILY_UNAVAILABLE: another writer did not let go in that time.
        """
        raise NotImplementedError
        yield

    def close(self) -> None:
        """Let go of the file."""
        raise NotImplementedError
