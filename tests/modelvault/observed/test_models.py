"""Models: names, markers, types of annotations, and what instances become and come back as."""

import collections.abc
import dataclasses
import enum
import pathlib
import typing
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from types import ModuleType
from typing import Annotated, Any, Literal, Optional

import pytest
from modelvault_observed import Differs, Raises, observe
from modelvault_schemas import fields, indexes, optional

NOW = datetime(2024, 2, 29, 12, 30, 0, 123457, tzinfo=UTC)
NO_CLASS = "issubclass() arg 1 must be a class"
KEY, INDEXES, NAME = (
    "__modelvault_primary_key__", "__modelvault_indexes__", "__modelvault_collection__",
)  # fmt: skip


class Color(enum.Enum):
    RED = "r"
    BLUE = "b"


class Count(enum.Enum):
    ONE = 1


@dataclass
class Part:
    a: int
    b: str | None = None


def model(name: str = "Odd", /, **own: object) -> type:
    """Return a dataclass of "id" and "v", marked as *own* says."""
    hints = {"id": int, "v": own.pop("hint", Optional[int])}  # noqa: UP045 - as users write it
    return dataclass(type(name, (), {"__annotations__": hints, **own}))


def marked(name: str = "Odd", /, **own: object) -> type:
    return model(name, **{KEY: "id", **own})


def collection(mv: ModuleType, cls: type):
    return mv.models.collection(mv.Database.open_in_memory(), cls)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("User", "users"), ("OrderLine", "order_lines"), ("Bus", "buses"), ("Box", "boxs"),
        ("City", "citys"), ("HTTPServer", "h_t_t_p_servers"), ("S", "ses"), ("_Priv", "__privs"),
        ("lower", "lowers"), ("A1B", "a1_bs"), ("UserS", "user_ses"), ("Ünder", "Ünders"),
    ],
)  # fmt: skip
def test_names_are_put_in_the_plural(mv: ModuleType, name: str, expected: str) -> None:
    assert collection(mv, marked(name)).name == expected


def no_list(rest: str) -> Raises:
    return Raises("ValueError", f"__modelvault_indexes__ must {rest}")


@pytest.mark.parametrize(
    ("own", "observed"),
    [
        ({KEY: "id"}, "odds"), ({KEY: " id "}, "odds"), ({KEY: "id", NAME: "my"}, "my"),
        ({KEY: "id", NAME: None}, "odds"), ({KEY: "id", INDEXES: None}, "odds"),
        ({KEY: "id", INDEXES: []}, "odds"),
        ({}, Raises("ValueError", 'model must define __modelvault_primary_key__ = "field"')),
        ({KEY: None}, Raises("ValueError",
                             "__modelvault_primary_key__ must be a string field name")),
        ({KEY: 3}, Raises("ValueError", "__modelvault_primary_key__ must be a string field name")),
        ({KEY: ""}, Raises("ValueError", "__modelvault_primary_key__ cannot be empty")),
        ({KEY: " "}, Raises("ValueError", "__modelvault_primary_key__ cannot be empty")),
        ({KEY: "zz"}, Raises("ModelVaultSchemaError",
                             'schema error: primary field "zz" not found as a top-level field')),
        ({KEY: "id", INDEXES: ()},
         no_list("be a list of modelvault.models.index/unique specs")),
        ({KEY: "id", INDEXES: "x"},
         no_list("be a list of modelvault.models.index/unique specs")),
        ({KEY: "id", INDEXES: [3]},
         no_list("contain IndexSpec values from modelvault.models.index/unique")),
        ({KEY: "id", NAME: 3}, Raises("TypeError", "'int' object is not an instance of 'str'")),
        ({KEY: "id", NAME: ""}, Raises("ModelVaultSchemaError",
                                       "schema error: invalid collection name")),
    ],
)  # fmt: skip
def test_a_class_is_marked(mv: ModuleType, own: dict[str, object], observed: object) -> None:
    observe(mv, lambda: collection(mv, model(**own)).name, observed)


def test_a_model_is_a_dataclass_or_of_pydantic(mv: ModuleType) -> None:
    plain = type("Plain", (), {"__annotations__": {"id": int}, KEY: "id"})

    observe(mv, lambda: collection(mv, plain), Raises(
        "ValueError", "model must be a dataclass or a pydantic.BaseModel subclass"))  # fmt: skip


def test_an_annotated_marker_is_one_here(mv: ModuleType) -> None:
    own = {KEY: "id", "__annotations__": {KEY: typing.ClassVar[str], "id": int}}
    cls = dataclass(type("Odd", (), own))

    observe(mv, lambda: collection(mv, cls).name, Differs(Raises("TypeError", NO_CLASS), "odds"))


@pytest.mark.parametrize(
    ("path", "observed"),
    [
        ("v", "v"), ("zz", Differs("zz", Raises(
            "ValueError", 'index "zz_idx" path does not match any field in fields_json'))),
        (3, Raises("TypeError", "argument 'field': 'int' object is not an instance of 'str'")),
    ],
)  # fmt: skip
def test_an_index_is_of_a_field(mv: ModuleType, path: object, observed: object) -> None:
    def work() -> object:
        spec = mv.models.index(path)
        collection(mv, marked(**{INDEXES: [spec]}))
        return spec.field

    observe(mv, work, observed)


def test_specs_of_indexes(mv: ModuleType) -> None:
    found = [mv.models.index("a", "n"), mv.models.unique(field="a", name="q")]
    assert [(spec.name, spec.field, spec.unique) for spec in found] == [
        ("n", "a", False), ("q", "a", True),
    ]  # fmt: skip
    cls = marked(**{INDEXES: [mv.models.index("v"), mv.models.unique("id")]})
    db = mv.Database.open_in_memory()
    odds = mv.models.collection(db, cls)
    assert 'IndexLookup index="v_idx" kind=NonUnique' in odds.where("v", 1).explain()


def test_an_index_of_a_path_works_here(mv: ModuleType) -> None:
    odds = collection(mv, marked(hint=Part, **{INDEXES: [mv.models.index("v.a")]}))
    query = lambda: odds.where("v.a", 1).explain().split()[1]  # noqa: E731

    observe(mv, query, Differs("CollectionScan", "IndexLookup"))


@pytest.mark.parametrize(
    ("hint", "kind"),
    [
        (str, "string"), (int, "int64"), (float, "float64"), (bool, "bool"), (bytes, "bytes"),
        (uuid.UUID, "uuid"), (datetime, "timestamp"), (Optional[int], optional("int64")),  # noqa: UP045
        (int | None, optional("int64")), (list[int], {"list": "int64"}),
        (typing.List[int], {"list": "int64"}), ("int", "int64"), ("list[int]", {"list": "int64"}),  # noqa: UP006
        (list[int | None], {"list": optional("int64")}), (Annotated[int, "x"], "int64"),
        (list[int] | None, optional({"list": "int64"})), (Color, {"enum": ["r", "b"]}),
        (Count, {"enum": ["1"]}),
        (Part, {"object": [{"path": ["a"], "type": "int64"},
                           {"path": ["b"], "type": optional("string")}]}),
    ],
)  # fmt: skip
def test_an_annotation_is_a_type(mv: ModuleType, hint: object, kind: object) -> None:
    db = mv.Database.open_in_memory()
    mv.models.collection(db, marked(hint=hint))

    assert db.plan_schema_version("odds", fields(id="int64", v=kind))["change"] == "safe"


@pytest.mark.parametrize(
    "hint",
    [
        date, time, timedelta, Decimal, dict, dict[str, int], set, set[int], tuple,
        tuple[int, int], Any, object, complex, pathlib.Path, range, bytearray,
        collections.abc.Sequence[int],
    ],
)  # fmt: skip
def test_what_is_no_type_of_a_schema_is_refused(mv: ModuleType, hint: object) -> None:
    observe(mv, lambda: collection(mv, marked(hint=hint)), Raises(
        "ValueError", "unsupported model field type: ", more=True))  # fmt: skip


@pytest.mark.parametrize(
    "hint",
    [
        Literal["a"], int | str, int | str | None, typing.NewType("New", int),
        typing.TypeVar("T"), typing.Final[int], typing.Sequence[int], typing.Callable,
    ],
)  # fmt: skip
def test_what_is_no_class_is_a_typeerror(mv: ModuleType, hint: object) -> None:
    unsupported = Raises("TypeError", "unsupported model field type: ")

    observe(mv, lambda: collection(mv, marked(hint=hint)), Differs(
        Raises("TypeError", NO_CLASS), unsupported))  # fmt: skip


@dataclass
class Endless:
    __modelvault_primary_key__ = "id"
    id: int
    more: "list[Endless]"


def test_a_model_inside_of_itself_is_too_deep(mv: ModuleType) -> None:
    observe(mv, lambda: collection(mv, Endless), Raises(
        "ValueError", "model type nesting too deep"))  # fmt: skip


ALL = {
    "min_i64": 1, "max_i64": 9, "min_u64": 1, "max_u64": 9, "min_f64": 0.5, "max_f64": 9.5,
    "min_length": 1, "max_length": 9, "regex": "x", "email": False, "url": None, "nonempty": 0,
    "non_empty": 1,
}  # fmt: skip


def test_constraints_are_a_list_of_one_each(mv: ModuleType) -> None:
    specs = mv.models.constrained(**ALL)

    assert isinstance(specs, list)
    assert [spec.kind for spec in specs] == list(ALL)
    hint = Annotated[Optional[str], mv.models.constrained(email=False, non_empty=1)]  # noqa: UP045
    db = mv.Database.open_in_memory()
    mv.models.collection(db, marked(hint=hint))
    said = (optional("string"), {"email": True}, {"nonempty": True})
    assert db.plan_schema_version("odds", fields(id="int64", v=said))["change"] == "safe"


@pytest.mark.parametrize(
    ("make", "observed"),
    [
        (lambda mv: Annotated[int, mv.models.constrained(foo=1)],
         Raises("ValueError", 'unknown constraint kind "foo"')),
        (lambda mv: Annotated[str, mv.models.constrained(min_length=None)],
         Raises("ValueError", "min_length requires a value")),
        (lambda mv: Optional[Annotated[int, mv.models.constrained(min_i64=1)]],  # noqa: UP045
         Differs(Raises("TypeError", "unhashable type: 'list'"), "odds")),
        (lambda mv: list[Annotated[int, mv.models.constrained(min_i64=1)]],
         Differs("odds", Raises("ValueError", "constraints on the elements of a list"))),
    ],
)  # fmt: skip
def test_a_constraint_is_known_and_has_a_value(
    mv: ModuleType, make: Callable, observed: object
) -> None:
    observe(mv, lambda: collection(mv, marked(hint=make(mv))).name, observed)


@dataclass
class User:
    __modelvault_primary_key__ = "id"
    id: int
    name: str
    at: datetime
    nick: str | None = None


def test_fields_without_a_default_name_paths(mv: ModuleType) -> None:
    cls = marked(v=5)
    users = collection(mv, cls)
    users.insert(cls(1, 2))

    assert (cls.id.path, cls.v) == (["id"], 5)
    assert [each.id for each in users.where(cls.id, 1).order_by(cls.id).all()] == [1]


def test_instances_are_stored_found_updated_and_deleted(mv: ModuleType) -> None:
    users = collection(mv, User)
    one, two = User(1, "ana", NOW), User(2, "bo", NOW, "b")

    assert [users.insert(one), users.insert(two)] == [None, None]
    assert (users.get(1), users.get(two), users.get(9)) == (one, two, None)
    assert users.update(1, {"nick": "x", "at": NOW}) is None
    users.update(2, User(2, "c", NOW))
    assert (users.get(1).nick, users.get(2).name) == ("x", "c")
    users.update(1, {"id": 7})
    assert sorted(each.id for each in users.all()) == [1, 2, 7]
    assert [users.delete(7), users.delete(one), users.delete(99)] == [None] * 3
    assert [each.id for each in users.all()] == [2]


@pytest.mark.parametrize(
    ("call", "observed"),
    [
        (lambda users: users.update(9, {"name": "x"}),
         Raises("ValueError", "cannot update missing row")),
        (lambda users: users.update(1, {"zz": 1}), Raises("ValueError", 'unknown field "zz"')),
        (lambda users: users.update(1, {"name": 1}), Raises(
            "TypeError", "'int' object is not an instance of 'str'")),
        (lambda users: users.update(User(1, "x", NOW), {"nick": "x"}), Differs(
            Raises("TypeError", "'User' object cannot be interpreted as an integer"), None)),
        (lambda users: users.get("x"), Raises(
            "TypeError", "'str' object cannot be interpreted as an integer")),
        (lambda users: users.where("zz", 1), Raises("ValueError", "unknown field path")),
        (lambda users: users.all(fields=["zz"]), Raises(
            "ValueError", 'unknown field path for this collection: ["zz"]')),
        (lambda users: users.where("id", 1).select([]).all(), Raises(
            "ValueError", "fields must list at least one schema path")),
        (lambda users: users.where("id", 1).select(["id", "name", "at"]).all()[0].name, "ana"),
        (lambda users: users.where("id", 1).all(fields=["id", "name", "at"])[0].name, "ana"),
        (lambda users: users.where("id", 1).and_where("name", "ana").limit(1).all()[0].id, 1),
        (lambda users: [each.id for each in users.where("id", 1).select(["id"]).all()], Differs(
            Raises("TypeError", "User.__init__() missing 2 required positional arguments: "
                   "'name' and 'at'"), [1])),
    ],
)  # fmt: skip
def test_what_instances_are_asked_for(mv: ModuleType, call: Callable, observed: object) -> None:
    users = collection(mv, User)
    users.insert(User(1, "ana", NOW))

    observe(mv, lambda: call(users), observed)


@dataclass
class Narrow:
    __modelvault_primary_key__ = "id"
    __modelvault_collection__ = "c"
    id: int
    n: int | None = None


WIDE = fields(id="int64", n=optional("int64"), rest=optional("string"))
BY_N = indexes(i=("n", "index"))
WRONG_TYPE = Raises(
    "ModelVaultFormatError", "format error: record payload type does not match schema"
)


@pytest.mark.parametrize(
    ("fields_json", "primary", "indexes_json", "observed"),
    [
        (fields(id="int64", n=optional("int64")), "id", None, "c"),
        (fields(n=optional("int64"), id="int64"), "id", None, "c"),
        (WIDE, "id", None, "c"), (WIDE, "id", BY_N, "c"),
        (fields(id="int64", n=optional("int64")), "id", BY_N, Raises(
            "ModelVaultSchemaError", "schema error: incompatible schema change: model index "
            "definitions do not match collection catalog")),
        (fields(id="int64"), "id", None, Raises(
            "ModelVaultSchemaError", 'schema error: insert row has unknown field "n"')),
        (fields(id="int64", n="int64"), "id", None, WRONG_TYPE),
        (fields(id="int64", n=optional("string")), "id", None, WRONG_TYPE),
        (fields(id="int64", n=optional("int64"), k="int64"), "k", None, Raises(
            "ModelVaultSchemaError",
            'schema error: primary field "id" not found as a top-level field')),
        (fields(id="int64", n=(optional("int64"), {"min_i64": 1})), "id", None, Differs(
            "c", Raises("ModelVaultSchemaError", "schema error: incompatible schema change: "
                        'constraints changed for field ["n"]'))),
    ],
)  # fmt: skip
def test_a_class_fits_a_collection_or_not(
    mv: ModuleType, fields_json: str, primary: str, indexes_json: str | None, observed: object
) -> None:
    db = mv.Database.open_in_memory()
    db.register_collection("c", fields_json, primary, indexes_json)

    observe(mv, lambda: mv.models.collection(db, Narrow).name, observed)


def test_plan_and_apply_are_for_what_is_registered(mv: ModuleType) -> None:
    db, models = mv.Database.open_in_memory(), mv.models
    unknown = Raises("ModelVaultSchemaError", 'schema error: unknown collection name "c"')
    observe(mv, lambda: models.plan(db, Narrow), unknown)
    observe(mv, lambda: models.apply(db, Narrow), unknown)

    db.register_collection("c", fields(id="int64"), "id")
    assert models.plan(db=db, model_cls=Narrow) == {"change": "safe", "steps": []}
    assert [models.apply(db, Narrow), models.apply(db, Narrow, force=True)] == [2, 3]
    assert dataclasses.is_dataclass(Narrow)
