"""Models: dataclasses and pydantic classes as collections."""

import enum
import typing
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal, Optional

import pytest
from modelvault_schemas import fields, optional
from pydantic import BaseModel, ConfigDict, Field

from nacre_adapters.modelvault import (
    Database,
    ModelVaultFormatError,
    ModelVaultSchemaError,
    ModelVaultValidationError,
    models,
)
from nacre_adapters.modelvault.models.mapping import Mapped, collection_name

NOW = datetime(2024, 2, 29, 12, 30, 0, 123457, tzinfo=UTC)


class Color(enum.Enum):
    RED = "r"
    ONE = 1


@dataclass
class Place:
    city: str
    since: datetime | None = None


@dataclass
class User:
    __modelvault_primary_key__ = "id"
    __modelvault_indexes__ = [models.index("age"), models.unique("email"), models.index("at.city")]  # noqa: RUF012
    id: int
    email: str
    age: Annotated[int, models.constrained(min_i64=0)]
    color: Color
    key: uuid.UUID
    at: Place
    seen: list[datetime] = field(default_factory=list)
    nick: Optional[Annotated[str, models.constrained(max_length=3)]] = "n"  # noqa: UP045


class Address(BaseModel):
    city: str
    color: Color = Color.RED


class Account(BaseModel):
    model_config = ConfigDict(extra="forbid")
    __modelvault_primary_key__ = "id"
    __modelvault_collection__ = "accounts"
    __modelvault_indexes__ = [models.unique("mail", name="by_mail")]
    id: uuid.UUID
    mail: str = Field(alias="email", max_length=40)
    age: int = 18
    homes: list[Address] = []
    seen: datetime | None = None
    _cache: int = 0


def user(n: int = 1, **changes: object) -> User:
    given = {"id": n, "email": f"{n}@x.y", "age": n, "color": Color.ONE, "key": uuid.UUID(int=n),
             "at": Place("Oslo", NOW), "seen": [NOW]}  # fmt: skip
    return User(**{**given, **changes})  # type: ignore[arg-type]


@pytest.fixture
def db() -> Database:
    return Database.open_in_memory()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("User", "users"), ("OrderLine", "order_lines"), ("Bus", "buses"), ("Box", "boxs"),
        ("City", "citys"), ("HTTPServer", "h_t_t_p_servers"), ("S", "ses"), ("_Priv", "__privs"),
    ],
)  # fmt: skip
def test_names_are_made_as_they_were(name: str, expected: str) -> None:
    assert collection_name(type(name, (), {})) == expected


def test_a_dataclass_comes_back_as_it_was(db: Database) -> None:
    users = models.collection(db, User)

    users.insert(user(1))
    users.insert(user(2, nick=None, seen=[]))

    assert users.get(1) == user(1)
    assert users.get(user(2)) == user(2, nick=None, seen=[])
    assert users.get(9) is None
    assert users.name == "users"
    assert users.all() == [user(1), user(2, nick=None, seen=[])]
    users.delete(user(1))
    users.delete(1)
    assert users.count() == 1


def test_a_pydantic_model_comes_back_as_it_was(db: Database) -> None:
    accounts = models.collection(db, Account)
    made = Account(
        id=uuid.UUID(int=1), email="a@b.c", homes=[Address(city="Rome")], seen=NOW, age=30
    )

    accounts.insert(made)

    assert accounts.get(made.id) == made
    assert accounts.where("mail", "a@b.c").first() == made
    assert 'IndexLookup index="by_mail" kind=Unique' in accounts.where("mail", "x").explain()
    with pytest.raises(ModelVaultSchemaError, match="unique index violation"):
        accounts.insert(made.model_copy(update={"id": uuid.UUID(int=2)}))


def test_fields_of_the_class_name_paths(db: Database) -> None:
    users = models.collection(db, User)
    for n in range(5):
        users.insert(user(n))

    found = users.where(User.age, 3).or_where(users.query().gte_where("age", 4))
    assert [each.id for each in found.order_by(User.id, desc=True).all()] == [4, 3]
    assert [each.id for each in users.where("color", Color.ONE).limit(1).all()] == [0]
    assert users.where("at.city", "Oslo").lt_where("id", 2).gt_where("id", 0).count() == 1
    assert "IndexLookup" in users.where("at.city", "Oslo").explain()
    assert users.query().lte_where("id", 0).in_where("id", [0, 1]).all() == [user(0)]
    assert User.age.path == ["age"]
    assert User.nick == "n"


def test_an_update_merges(db: Database) -> None:
    users = models.collection(db, User)
    users.insert(user())

    users.update(1, {"age": 7, "color": Color.RED, "at": Place("Bern")})
    users.update(user(), {"nick": "x"})

    assert users.get(1) == user(1, age=7, color=Color.RED, at=Place("Bern"), nick="x")
    with pytest.raises(ValueError, match=r"^cannot update missing row$"):
        users.update(9, {"age": 1})
    with pytest.raises(ValueError, match='unknown field "zz"'):
        users.update(1, {"zz": 1})
    with pytest.raises(ModelVaultValidationError, match="value -1 is below minimum 0"):
        users.update(1, {"age": -1})


def test_constraints_hold_inside_optional_too(db: Database) -> None:
    users = models.collection(db, User)

    with pytest.raises(ModelVaultValidationError, match="string length 4 is above maximum 3"):
        users.insert(user(nick="long"))
    with pytest.raises(TypeError, match="a dict is no User"):
        users.insert({"id": 1})  # type: ignore[arg-type]


def test_a_selection_has_what_was_selected_and_nothing_else(db: Database) -> None:
    users, accounts = models.collection(db, User), models.collection(db, Account)
    users.insert(user())
    accounts.insert(Account(id=uuid.UUID(int=1), email="a@b.c", age=30))

    (some,) = users.where("id", 1).select(["id", User.email]).all()
    (account,) = accounts.all(fields=["mail"])

    assert isinstance(some, User)
    assert (some.id, some.email, repr(some)) == (1, "1@x.y", "User(id=1, email='1@x.y')")
    assert account.mail == "a@b.c"
    for instance, name in ((some, "age"), (some, "nick"), (account, "age"), (account, "id")):
        with pytest.raises(AttributeError, match="the query did not select it"):
            getattr(instance, name)


def test_a_class_must_name_its_key(db: Database) -> None:
    @dataclass
    class Plain:
        id: int

    for value, message in (
        (None, "must be a string field name"),
        ("", "cannot be empty"),
        ("zz", 'primary field "zz" not found'),
    ):
        Plain.__modelvault_primary_key__ = value  # type: ignore[attr-defined]
        with pytest.raises(ValueError, match=message):
            models.collection(db, Plain)
    del Plain.__modelvault_primary_key__  # type: ignore[attr-defined]
    with pytest.raises(ValueError, match='model must define __modelvault_primary_key__ = "field"'):
        models.collection(db, Plain)
    Plain.__modelvault_primary_key__ = "id"  # type: ignore[attr-defined]
    Plain.__modelvault_indexes__ = (models.index("id"),)  # type: ignore[attr-defined]
    with pytest.raises(ValueError, match=r"must be a list of modelvault.models.index/unique specs"):
        models.collection(db, Plain)
    Plain.__modelvault_indexes__ = [models.index("nowhere")]  # type: ignore[attr-defined]
    with pytest.raises(ValueError, match='"nowhere_idx" path does not match any field'):
        models.collection(db, Plain)


@pytest.mark.parametrize(
    "hint",
    [
        dict, set, tuple, object, Literal["a"], int | str, typing.List,  # noqa: UP006 - as users write it
        list[Annotated[int, models.constrained(min_i64=1)]],
    ],
)  # fmt: skip
def test_types_that_no_schema_has_are_refused(db: Database, hint: object) -> None:
    own = {"__annotations__": {"id": int, "v": hint}, "__modelvault_primary_key__": "id"}
    odd = dataclass(type("Odd", (), own))

    with pytest.raises(
        ValueError, match=r"unsupported model field type|elements of a list|one type argument"
    ):
        models.collection(db, odd)


def test_markers_are_checked() -> None:
    with pytest.raises(ValueError, match='unknown constraint kind "foo"'):
        models.constrained(foo=1)
    with pytest.raises(ValueError, match="min_length requires a value"):
        models.constrained(min_length=None)
    assert isinstance(models.constrained(email=False, non_empty=1), list)
    assert models.index("a") == models.IndexSpec("a_idx", "a", unique=False)
    assert models.unique("b", name="q") == models.IndexSpec("q", "b", unique=True)


@dataclass
class Narrow:
    __modelvault_primary_key__ = "id"
    __modelvault_collection__ = "c"
    id: int
    n: int | None = None


def existing(db: Database, fields_json: str, **more: str) -> None:
    db.register_collection("c", fields_json, "id", **more)


def test_a_class_with_fewer_fields_keeps_the_others(db: Database) -> None:
    existing(db, fields(id="int64", n=optional("int64"), rest=optional("string")))
    db.insert("c", {"id": 1, "n": 1, "rest": "kept"})
    narrow = models.collection(db, Narrow)

    narrow.insert(Narrow(1, None))
    narrow.insert(Narrow(2, 5))

    assert db.get("c", 1) == {"id": 1, "n": None, "rest": "kept"}
    assert db.get("c", 2) == {"id": 2, "n": 5, "rest": None}
    assert narrow.all() == [Narrow(1, None), Narrow(2, 5)]


def test_a_class_that_does_not_fit_is_refused(db: Database) -> None:
    index = '[{"name": "i", "path": ["n"], "kind": "index"}]'
    for fields_json, primary, indexes, error, message in (
        (fields(id="int64", n=optional("int64")), "id", index, ModelVaultSchemaError,
         "model index definitions do not match collection catalog"),
        (fields(id="int64"), "id", None, ModelVaultSchemaError, 'row has unknown field "n"'),
        (fields(id="int64", n="int64"), "id", None, ModelVaultFormatError,
         "record payload type does not match schema"),
        (fields(id="int64", n="int64"), "n", None, ModelVaultSchemaError,
         'primary field "id" not found as a top-level field'),
        (fields(id="int64", n=(optional("int64"), {"min_i64": 1})), "id", None,
         ModelVaultSchemaError, 'constraints changed for field ["n"]'),
    ):  # fmt: skip
        other = Database.open_in_memory()
        other.register_collection("c", fields_json, primary, indexes)
        with pytest.raises(error) as caught:
            models.collection(other, Narrow)
        assert message in str(caught.value)


def test_plan_and_apply_migrate(db: Database) -> None:
    with pytest.raises(ModelVaultSchemaError, match="unknown collection name"):
        models.plan(db, Narrow)
    existing(db, fields(id="int64"))
    db.insert("c", {"id": 1})

    assert models.plan(db, Narrow) == {"change": "safe", "steps": []}
    assert models.apply(db, Narrow) == 2
    assert models.collection(db, Narrow).get(1) == Narrow(1, None)
    assert Mapped(Narrow).names == ["id", "n"]


class Open(BaseModel):
    model_config = ConfigDict(extra="allow")
    __modelvault_primary_key__ = "id"

    id: int


@dataclass
class Wide(Narrow):
    more: int = 1


def test_what_an_instance_has_beyond_its_class_is_not_left_out_silently(db: Database) -> None:
    opens, narrows = models.collection(db, Open), models.collection(db, Narrow)

    with pytest.raises(ValueError, match='unknown field "note"'):
        opens.insert(Open(id=1, note="kept?"))  # type: ignore[call-arg]  # extra
    with pytest.raises(ValueError, match='unknown field "more"'):
        narrows.insert(Wide(1))

    opens.insert(Open(id=1))
    assert narrows.all() == []


@dataclass
class Town:
    __modelvault_primary_key__ = "id"
    __modelvault_indexes__ = [  # noqa: RUF012 - the original wants a list, not annotated
        models.index(["land", "people"]),
        models.unique("land", name="one"),
    ]

    id: int
    land: str
    people: int


def test_an_index_may_have_several_fields(tmp_path: Path) -> None:
    with Database.open(tmp_path / "x.mv") as db:
        models.collection(db, Town).insert(Town(1, "no", 5))
    with Database.open(tmp_path / "x.mv") as db:
        towns = models.collection(db, Town)
        assert towns.where("land", "no").gt_where("people", 4).all() == [Town(1, "no", 5)]
        names = {index.name: index.paths for index in db.handle.shape("towns").schema.indexes}
    assert names == {"land_people_idx": (("land",), ("people",)), "one": (("land",),)}
