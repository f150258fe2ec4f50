"""What classes are marked with: indexes, constraints, and fields that queries can name."""

from dataclasses import dataclass
from typing import Self

from nacre_adapters.modelvault.arguments import MISSING, either
from nacre_adapters.modelvault.errors import Malformed, no_instance

KINDS = (
    "min_i64", "max_i64", "min_u64", "max_u64", "min_f64", "max_f64", "min_length", "max_length",
    "regex", "email", "url", "nonempty", "non_empty",
)  # fmt: skip
_FLAGS = ("email", "url", "nonempty", "non_empty")


@dataclass(frozen=True, slots=True)
class IndexSpec:
    """An index of a model: its name, the path of its field, whether values are unique."""

    name: str
    field: str
    unique: bool
    more: tuple[str, ...] = ()
    """Further fields, for rows in which the first one is the same."""

    @property
    def fields(self) -> tuple[str, ...]:
        """All of its fields."""
        return (self.field, *self.more)


@dataclass(frozen=True, slots=True)
class ConstraintSpec:
    """One constraint of a field of a model."""

    kind: str
    value: object

    def to_json(self) -> dict[str, object]:
        """Return what a schema says."""
        if self.kind in _FLAGS:
            return {"nonempty" if self.kind == "non_empty" else self.kind: True}
        return {self.kind: self.value}


class Constraints(list[ConstraintSpec]):
    """Constraints for `typing.Annotated`: a list that can be hashed, as `Optional` wants it."""

    __hash__ = object.__hash__  # type: ignore[assignment]  # of a list there is none


class FieldRef:
    """A field of a model as a query names it: `User.age`."""

    def __init__(self, name: str) -> None:
        self.path = [name]

    def __get__(self, instance: object, owner: type) -> Self:
        if instance is not None:
            raise AttributeError(
                f"{type(instance).__name__!r} object has no attribute {self.path[0]!r}: "
                "the query did not select it"
            )
        return self

    def __repr__(self) -> str:
        return f"FieldRef({self.path!r})"


def index(field: object = MISSING, name: str | None = None, *, path: object = MISSING) -> IndexSpec:
    """Return an index of a field, `a.b` for one inside of an object, or of a list of fields."""
    return _index(either("field", field, path), name, unique=False)


def unique(
    field: object = MISSING, name: str | None = None, *, path: object = MISSING
) -> IndexSpec:
    """Return an index of a field whose values no two rows share."""
    return _index(either("field", field, path), name, unique=True)


def constrained(**constraints: object) -> Constraints:
    """Return constraints for `typing.Annotated`.

    Raises:
        Malformed: one is not known, or has no value.
    """
    made = Constraints()
    for kind, value in constraints.items():
        if kind not in KINDS:
            raise Malformed(f'unknown constraint kind "{kind}"')
        if value is None and kind not in _FLAGS:
            raise Malformed(f"{kind} requires a value")
        made.append(ConstraintSpec(kind, value))
    return made


def _index(field: object, name: str | None, *, unique: bool) -> IndexSpec:
    every = field if isinstance(field, list | tuple) and field else [field]
    first, *more = map(_named, every)
    return IndexSpec(name or f"{'_'.join((first, *more))}_idx", first, unique, tuple(more))


def _named(field: object) -> str:
    if isinstance(field, FieldRef):
        return ".".join(field.path)
    if not isinstance(field, str):
        raise no_instance(field, "str", argument="field")
    return field
