"""Frozen dataclasses that cost next to nothing to declare.

For each class, Python writes and compiles the source of six methods: half a millisecond, fifty
times on the way to a command. Here all classes share methods that are written once. In all else
these are dataclasses: `fields`, `replace` and `asdict` take them, and a type checker sees nothing
but them. Classes whose signature users read at run time are better made by `dataclasses` itself.
"""

from __future__ import annotations

import dataclasses

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from dataclasses import dataclass as dataclass
    from typing import Any, Literal

else:

    def dataclass(*, frozen: Literal[True]) -> Callable[[type], type]:  # noqa: ARG001
        """Return what makes a class a frozen dataclass, as `dataclasses.dataclass` does.

        Args:
            frozen: Said at the class, for its readers and for type checkers.
        """
        return _made


def _made(of: type) -> type:
    for method in (_init, _repr, _eq, _hash, _setattr, _delattr):
        name = f"__{method.__name__[1:]}__"
        # What a class says itself holds, as with dataclasses: a secret's own `__repr__`, say.
        if name not in of.__dict__:
            setattr(of, name, method)
    return dataclasses.dataclass(init=False, repr=False, eq=False)(of)


class _Fields:
    """What the methods know of a class.

    Attributes:
        names: Of all fields, in order.
        every: The same as a set.
        defaults: By name.
        factories: What makes a default, by name.
        compared: Names of the fields that tell two instances apart.
        shown: Names of those that `repr` shows.
    """

    __slots__ = ("compared", "defaults", "every", "factories", "names", "shown")

    def __init__(self, of: type) -> None:
        fields = dataclasses.fields(of)
        missing = dataclasses.MISSING
        self.names = tuple(f.name for f in fields)
        self.every = frozenset(self.names)
        self.defaults = {f.name: f.default for f in fields if f.default is not missing}
        self.factories = {
            f.name: f.default_factory for f in fields if f.default_factory is not missing
        }
        self.compared = tuple(f.name for f in fields if f.compare)
        self.shown = tuple(f.name for f in fields if f.repr)

    def mistake(self, of: str, values: tuple[object, ...], named: dict[str, object]) -> str:
        """Return what is wrong with the arguments for a new instance."""
        by_place, by_name = self.names[: len(values)], named.keys()
        if len(values) > len(self.names):
            return f"{of}() takes {len(self.names)} values, not {len(values)}"
        if unknown := [name for name in by_name if name not in self.names]:
            return f"{of}() has no {', '.join(unknown)}"
        if twice := [name for name in by_place if name in by_name]:
            return f"{of}() got two values for {', '.join(twice)}"
        given = {*by_place, *by_name, *self.defaults, *self.factories}
        return f"{of}() lacks {', '.join(name for name in self.names if name not in given)}"


_known: dict[type, _Fields] = {}


def _fields(instance: object) -> _Fields:
    of = type(instance)
    return _known.get(of) or _known.setdefault(of, _Fields(of))


def _init(self: Any, *values: object, **named: object) -> None:
    fields = _fields(self)
    names, state = fields.names, self.__dict__
    state.update(fields.defaults)
    state.update(zip(names, values))  # noqa: B905 - `strict` costs as much as all the rest
    state.update(named)
    for name, make in fields.factories.items():
        if name not in state:
            state[name] = make()
    if (
        state.keys() != fields.every
        or len(values) > len(names)
        or (values and not named.keys().isdisjoint(names[: len(values)]))
    ):
        raise TypeError(fields.mistake(type(self).__name__, values, named))


def _key(instance: Any, names: tuple[str, ...]) -> tuple[object, ...]:
    state = instance.__dict__
    return tuple([state[name] for name in names])


def _eq(self: Any, other: object) -> Any:
    if other.__class__ is not self.__class__:
        return NotImplemented
    names = _fields(self).compared
    return _key(self, names) == _key(other, names)


def _hash(self: Any) -> int:
    return hash(_key(self, _fields(self).compared))


def _repr(self: Any) -> str:
    state = self.__dict__
    shown = ", ".join(f"{name}={state[name]!r}" for name in _fields(self).shown)
    return f"{type(self).__qualname__}({shown})"


def _setattr(self: Any, name: str, value: object) -> None:  # noqa: ARG001
    raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")


def _delattr(self: Any, name: str) -> None:  # noqa: ARG001
    raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")
