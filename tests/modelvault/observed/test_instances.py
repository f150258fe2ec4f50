"""What instances come back as: pydantic models, and the parts in which it is better here."""

import enum
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import ModuleType

import pytest
from modelvault_observed import Differs, Raises, observe
from modelvault_schemas import fields, optional
from pydantic import BaseModel, ConfigDict, Field

NOW = datetime(2024, 2, 29, 12, 30, 0, 123457, tzinfo=UTC)


class Color(enum.Enum):
    RED = "r"


class Count(enum.Enum):
    ONE = 1


@dataclass
class Part:
    a: int
    at: datetime | None = None


@dataclass
class Whole:
    __modelvault_primary_key__ = "id"
    id: int
    at: datetime
    color: str = "r"
    part: Part | None = None
    seen: list[datetime] = field(default_factory=list)


@dataclass
class Colored:
    __modelvault_primary_key__ = "id"
    id: int
    color: Color


@dataclass
class Counted:
    __modelvault_primary_key__ = "id"
    id: int
    count: Count


@dataclass
class Later:
    __modelvault_primary_key__ = "id"
    id: int
    n: int = field(init=False, default=7)


@dataclass(slots=True)
class Slots:
    __modelvault_primary_key__ = "id"
    id: int
    n: int = 5


@dataclass(frozen=True)
class Frozen:
    __modelvault_primary_key__ = "id"
    id: int
    n: int = 5


def account() -> type:
    """Return a class of its own: both give it references to fields."""

    class Account(BaseModel):
        __modelvault_primary_key__ = "id"
        id: uuid.UUID
        mail: str
        age: int = Field(default=18, ge=0)
        tags: list[str] = []
        at: datetime

    return Account


class Aliased(BaseModel):
    __modelvault_primary_key__ = "id"
    id: int
    mail: str = Field(alias="email")


class Populated(Aliased):
    model_config = ConfigDict(populate_by_name=True)


class Open(BaseModel):
    model_config = ConfigDict(extra="allow")
    __modelvault_primary_key__ = "id"
    id: int


class Private(BaseModel):
    __modelvault_primary_key__ = "id"
    id: int
    _cache: int = 3


def given_back(mv: ModuleType, instance: object, ask: Callable = lambda found: found) -> object:
    """Return what an instance comes back as."""
    stored = mv.models.collection(mv.Database.open_in_memory(), type(instance))
    stored.insert(instance)
    return ask(stored.get(1))


@pytest.mark.parametrize(
    ("instance", "ask", "observed"),
    [
        (Whole(1, NOW), lambda found: found, Whole(1, NOW)),
        (Whole(1, NOW), lambda found: found.at.tzinfo, UTC),
        (Whole(1, NOW, part=Part(2)), lambda found: found.part,
         Differs({"a": 2, "at": None}, Part(2))),
        (Whole(1, NOW, seen=[NOW]), lambda found: found.seen,
         Differs([1709209800123457], [NOW])),
        (Whole(1, NOW, part=Part(2, NOW)), lambda found: found.part,
         Differs({"a": 2, "at": 1709209800123457}, Part(2, NOW))),
        (Colored(1, Color.RED), lambda found: found.color, Differs("r", Color.RED)),
        (Counted(1, Count.ONE), lambda found: found.count,
         Differs(Raises("ValueError", "expected string for enum"), Count.ONE)),
        (Later(1), lambda found: found.n, Differs(Raises(
            "TypeError", "Later.__init__() got an unexpected keyword argument 'n'"), 7)),
        (Slots(1, 2), lambda found: (found.id, found.n), (1, 2)),
        (Frozen(1, 2), lambda found: found, Frozen(1, 2)),
        (Populated(id=1, email="x"), lambda found: found.mail, "x"),
        (Open(id=1), lambda found: found.id, 1),
        (Private(id=1), lambda found: found.id, Differs(Raises(
            "ModelVaultValidationError", "validation error at _cache: missing field"), 1)),
        (Open(id=1, note="x"), lambda found: found.id,
         Raises("ValueError", 'unknown field "note"')),
    ],
)  # fmt: skip
def test_an_instance_comes_back(
    mv: ModuleType, instance: object, ask: Callable, observed: object
) -> None:
    observe(mv, lambda: given_back(mv, instance, ask), observed)


class Seen(BaseModel):
    __modelvault_primary_key__ = "id"
    id: int
    at: datetime | None = None


def test_a_time_that_may_be_none_comes_back_here(mv: ModuleType) -> None:
    odd = Raises("ValidationError", "1 validation error for Seen\nat\n", more=True)

    observe(mv, lambda: given_back(mv, Seen(id=1, at=NOW)), Differs(odd, Seen(id=1, at=NOW)))
    assert given_back(mv, Seen(id=1)) == Seen(id=1)


def test_an_alias_is_filled_in_here(mv: ModuleType) -> None:
    accounts = mv.models.collection(mv.Database.open_in_memory(), Aliased)
    accounts.insert(Aliased(id=1, email="x"))

    required = Raises("ValidationError", "1 validation error for Aliased\nemail\n", more=True)
    observe(mv, lambda: accounts.get(1).mail, Differs(required, "x"))


def test_a_pydantic_model_is_stored_checked_by_nobody_and_found(mv: ModuleType) -> None:
    db, Account = mv.Database.open_in_memory(), account()  # noqa: N806 - a class
    accounts = mv.models.collection(db, Account)
    one = Account(id=uuid.UUID(int=1), mail="a@b", age=30, tags=["x"], at=NOW)

    accounts.insert(one)
    assert (accounts.get(one.id), accounts.get(one)) == (one, one)
    assert accounts.get(str(one.id)) == one
    assert accounts.where(Account.mail, "a@b").order_by(Account.age).all() == [one]
    assert Account(id=one.id, mail="x", at=NOW).age == 18
    accounts.update(one.id, {"age": -5})
    assert db.get("accounts", one.id)["age"] == -5
    observe(mv, lambda: accounts.get(one.id), Raises(
        "ValidationError", "1 validation error for Account\nage\n", more=True))  # fmt: skip


@pytest.mark.parametrize(
    ("name", "observed"),
    [
        ("mail", "a@b"),
        ("age", Differs(
            18, Raises("AttributeError", "'Account' object has no attribute 'age'"))),
        ("tags", Differs(
            [], Raises("AttributeError", "'Account' object has no attribute 'tags'"))),
    ],
)  # fmt: skip
def test_what_was_not_selected_is_no_attribute_here(
    mv: ModuleType, name: str, observed: object
) -> None:
    cls = account()
    accounts = mv.models.collection(mv.Database.open_in_memory(), cls)
    accounts.insert(cls(id=uuid.UUID(int=1), mail="a@b", age=30, tags=["x"], at=NOW))
    (some,) = accounts.where("mail", "a@b").select(["mail"]).all()

    observe(mv, lambda: getattr(some, name), observed)


@dataclass
class Narrow:
    __modelvault_primary_key__ = "id"
    __modelvault_collection__ = "c"
    id: int
    n: int | None = None


def test_a_class_with_fewer_fields_keeps_the_others_here(mv: ModuleType) -> None:
    db = mv.Database.open_in_memory()
    db.register_collection(
        "c", fields(id="int64", n=optional("int64"), rest=optional("string")), "id"
    )
    db.insert("c", {"id": 1, "n": 1, "rest": "kept"})

    mv.models.collection(db, Narrow).insert(Narrow(1, 2))
    observe(mv, lambda: db.get("c", 1)["rest"], Differs(None, "kept"))


OBJECT = Raises("ValueError", "expected dict for object type")


@pytest.mark.parametrize(
    ("before", "patch", "observed"),
    [
        (Part(2, NOW), {"part": {"a": 3}}, {"a": 3, "at": 1709209800123457}),
        (Part(2, NOW), {"part": {"at": 5}}, {"a": 2, "at": 5}),
        (Part(2, NOW), {"part": None}, None),
        (None, {"part": {"a": 3}}, {"a": 3, "at": None}),
        (None, {"part": {"at": 3}}, Raises("ValueError", 'missing object field "a"')),
        (Part(2, NOW), Whole(1, NOW, part=Part(7)), {"a": 7, "at": None}),
        (Part(2, NOW), {"part": Part(7)}, Differs(OBJECT, {"a": 7, "at": None})),
        (Part(2, NOW), {}, {"a": 2, "at": 1709209800123457}),
        (Part(2, NOW), 3, Differs(
            Raises("TypeError", "asdict() should be called on dataclass instances"),
            Raises("TypeError", "a int is no patch"))),
    ],
)  # fmt: skip
def test_an_update_merges_what_is_nested(
    mv: ModuleType, before: Part | None, patch: object, observed: object
) -> None:
    db = mv.Database.open_in_memory()
    wholes = mv.models.collection(db, Whole)
    wholes.insert(Whole(1, NOW, part=before))

    def work() -> object:
        wholes.update(1, patch)
        return db.get("wholes", 1)["part"]

    observe(mv, work, observed)


@pytest.mark.parametrize("odd", [{"id": 1}, None, 3])
def test_only_instances_are_inserted(mv: ModuleType, odd: object) -> None:
    for cls, there in ((Narrow, "TypeError"), (account(), "AttributeError")):
        stored = mv.models.collection(mv.Database.open_in_memory(), cls)
        came = Raises(there, "", more=True), Raises("TypeError", f"a {type(odd).__name__} is no ")
        observe(mv, lambda stored=stored: stored.insert(odd), Differs(*came))
