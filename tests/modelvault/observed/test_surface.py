"""The names of the interface, of its parameters and of its errors are those of the original."""

import gc
import pickle
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import pytest
from modelvault_observed import Differs, Raises, observe, opened, outcome
from modelvault_schemas import fields, optional

from nacre_adapters import modelvault as ours

SCHEMA = fields(id="int64", n=optional("int64"))
ERRORS = ("Format", "Schema", "Validation", "Query", "Transaction")
DATABASE = {
    "open", "open_in_memory", "open_snapshot", "open_snapshot_bytes", "restore_snapshot", "path",
    "register_collection", "register_schema_version", "plan_schema_version",
    "backfill_top_level_field", "backfill_field_at_path", "rebuild_indexes", "insert", "get",
    "delete", "export_snapshot", "snapshot_bytes", "checkpoint", "compact", "compact_to",
    "transaction", "collection_names", "collection",
}  # fmt: skip
QUERY = {
    "and_where", "lt_where", "lte_where", "gt_where", "gte_where", "or_where", "order_by",
    "limit", "explain", "all",
}  # fmt: skip
MODEL_COLLECTION = {"insert", "get", "delete", "update", "where", "all"}
MODEL_QUERY = {"select", "and_where", "order_by", "limit", "explain", "all"}
NAMES = {
    "": {f"ModelVault{name}Error" for name in ERRORS}
    | {"Database", "Transaction", "AsyncDatabase", "AsyncTransaction", "Collection", "Query",
       "AsyncCollection", "AsyncQuery", "dbapi", "models", "__version__"},
    "Database": DATABASE | {"recovery_info"},
    "AsyncDatabase": DATABASE,
    "Collection": {"where", "gte_where", "all"},
    "AsyncCollection": {"where", "gte_where", "all"},
    "Query": QUERY,
    "AsyncQuery": QUERY,
    "models": {
        "collection", "async_collection", "index", "unique", "constrained", "plan", "apply",
        "async_plan", "async_apply", "ModelCollection", "ModelQuery", "AsyncModelCollection",
        "AsyncModelQuery", "FieldRef", "IndexSpec", "ConstraintSpec",
    },
    "models.ModelCollection": MODEL_COLLECTION,
    "models.AsyncModelCollection": MODEL_COLLECTION,
    "models.ModelQuery": MODEL_QUERY,
    "models.AsyncModelQuery": MODEL_QUERY,
    "dbapi": {"connect", "Connection", "Cursor"},
    "dbapi.Connection": {"cursor", "close", "commit", "rollback"},
    "dbapi.Cursor": {"execute", "fetchone", "fetchmany", "fetchall", "close", "description"},
}  # fmt: skip


@dataclass
class Row:
    __modelvault_primary_key__ = "id"
    __modelvault_collection__ = "c"
    id: int
    n: int | None = None


def part(mv: ModuleType, path: str) -> object:
    found: object = mv
    for name in path.split(".") if path else []:
        found = getattr(found, name)
    return found


@pytest.mark.parametrize("path", NAMES)
def test_every_name_is_there(mv: ModuleType, path: str) -> None:
    assert NAMES[path] - set(dir(part(mv, path))) == set()


def test_the_version_is_that_which_it_stands_for(mv: ModuleType) -> None:
    assert mv.__version__ == "0.16.0"
    assert {name for name in NAMES[""] if name[0] != "_"} <= set(mv.__all__)


@pytest.mark.parametrize("name", ERRORS)
def test_errors_are_those_that_callers_catch(mv: ModuleType, name: str) -> None:
    error = getattr(mv, f"ModelVault{name}Error")
    others = {getattr(mv, f"ModelVault{other}Error") for other in ERRORS} - {error}

    assert issubclass(error, RuntimeError if name == "Transaction" else ValueError)
    assert others.isdisjoint(error.__mro__)


@pytest.mark.parametrize(
    ("call", "observed"),
    [
        (lambda mv: mv.Database(), Raises("TypeError", "", more=True)),
        (lambda mv: pickle.dumps(mv.Database.open_in_memory()),
         Raises("TypeError", "cannot pickle ", more=True)),
        (lambda mv: hasattr(mv.Database, "close"), Differs(False, True)),
        (lambda mv: hasattr(mv.Database, "__enter__"), Differs(False, True)),
        (lambda mv: hasattr(mv.AsyncDatabase, "recovery_info"), False),
        (lambda mv: hasattr(mv.models.ModelQuery, "or_where"), Differs(False, True)),
        (lambda mv: hasattr(mv.models.ModelQuery, "lt_where"), Differs(False, True)),
        (lambda mv: hasattr(mv.Query, "count"), Differs(False, True)),
        (lambda mv: hasattr(mv.Query, "first"), Differs(False, True)),
        (lambda mv: hasattr(mv.Query, "__iter__"), Differs(False, True)),
        (lambda mv: hasattr(mv.Query, "__len__"), False),
        (lambda mv: hasattr(mv.Query, "offset"), False),
        (lambda mv: hasattr(mv.Query, "like"), False),
    ],
)  # fmt: skip
def test_a_database_comes_from_its_open_methods(
    mv: ModuleType, call: object, observed: object
) -> None:
    observe(mv, lambda: call(mv), observed)


@pytest.mark.parametrize(
    "call",
    [
        lambda db: db.register_collection(
            name="d", fields_json=SCHEMA, primary_field="id", indexes_json=None
        ),
        lambda db: db.register_schema_version(
            collection_name="c", fields_json=SCHEMA, indexes_json=None, force=False
        ),
        lambda db: db.register_schema_version("c", SCHEMA, None, True),
        lambda db: db.plan_schema_version(
            collection_name="c", fields_json=SCHEMA, indexes_json=None
        ),
        lambda db: db.backfill_top_level_field(collection_name="c", field="n", value=1),
        lambda db: db.backfill_field_at_path(collection_name="c", path=["n"], value=1),
        lambda db: db.rebuild_indexes(collection_name="c"),
        lambda db: db.insert(collection_name="c", row={"id": 1}),
        lambda db: db.get(collection_name="c", pk=1),
        lambda db: db.delete(collection_name="c", pk=1),
        lambda db: db.collection(name="c").where(path="id", value=1).order_by(path="id", desc=True),
        lambda db: db.collection("c").where("id", 1).limit(n=3).all(fields=["id"]),
        lambda db: db.collection("c").where("id", 1).or_where(
            other=db.collection("c").where("n", 2)
        ),
        lambda db: db.collection("c").gte_where(path="n", value=1).and_where(path="id", value=1),
        lambda db: db.collection("c").gte_where("n", 1).gt_where(path="id", value=1).lt_where(
            path="id", value=2
        ).lte_where(path="n", value=1).gte_where(path="n", value=0).all(["id"]),
    ],
)  # fmt: skip
def test_parameters_have_the_names_that_they_had(mv: ModuleType, call: object) -> None:
    call(opened(mv, SCHEMA))


@pytest.mark.parametrize(
    "call",
    [
        lambda db: db.register_schema_version(name="c", fields_json=SCHEMA),
        lambda db: db.plan_schema_version(name="c", fields_json=SCHEMA),
        lambda db: db.backfill_top_level_field(name="c", field="n", value=1),
        lambda db: db.backfill_field_at_path(name="c", path=["n"], value=1),
        lambda db: db.rebuild_indexes(name="c"),
        lambda db: db.insert(collection="c", row={"id": 1}),
        lambda db: db.get(collection="c", pk=1),
        lambda db: db.delete(collection="c", pk=1),
        lambda db: db.collection("c").where("id", 1).or_where(
            other_query=db.collection("c").where("n", 2)
        ),
    ],
)  # fmt: skip
def test_parameters_also_have_the_names_of_the_documentation(mv: ModuleType, call: object) -> None:
    came = outcome(lambda: call(opened(mv, SCHEMA)))

    assert isinstance(came, TypeError) == (mv is not ours)


@pytest.mark.parametrize("name", ["index", "unique"])
def test_an_index_is_of_a_path_too(mv: ModuleType, name: str) -> None:
    make = getattr(mv.models, name)

    assert make(field="a", name="i").field == "a"
    observe(
        mv,
        lambda: make(path="a").field,
        Differs(Raises("TypeError", f"{name}() got an unexpected keyword argument 'path'"), "a"),
    )


@pytest.mark.parametrize(
    ("call", "argument"),
    [
        (lambda db: db.get(1, 1), "collection_name"),
        (lambda db: db.insert(1, {}), "collection_name"),
        (lambda db: db.delete(1, 1), "collection_name"),
        (lambda db: db.rebuild_indexes(1), "collection_name"),
        (lambda db: db.plan_schema_version(1, SCHEMA), "collection_name"),
        (lambda db: db.plan_schema_version("c", 1), "fields_json"),
        (lambda db: db.plan_schema_version("c", SCHEMA, 1), "indexes_json"),
        (lambda db: db.backfill_top_level_field("c", 1, 1), "field"),
        (lambda db: db.register_collection("d", SCHEMA, 1), "primary_field"),
        (lambda db: db.export_snapshot(1), "dest_path"),
        (lambda db: db.compact_to(1), "dest_path"),
        (lambda db: db.open(1), "path"),
        (lambda db: db.open_snapshot(1), "path"),
        (lambda db: db.restore_snapshot(1, "x"), "snapshot_path"),
        (lambda db: db.restore_snapshot("x", 1), "dest_path"),
    ],
)
def test_text_must_be_text(mv: ModuleType, call: object, argument: str) -> None:
    said = f"argument '{argument}': 'int' object is not an instance of 'str'"

    observe(mv, lambda: call(opened(mv, SCHEMA)), Raises("TypeError", said))


def test_none_is_called_none(mv: ModuleType) -> None:
    said = "argument 'fields_json': 'None' is not an instance of 'str'"

    observe(
        mv,
        lambda: mv.Database.open_in_memory().register_collection("c", None, "id"),
        Raises("TypeError", said),
    )


def test_a_path_may_also_be_of_pathlib(mv: ModuleType, tmp_path: Path) -> None:
    path = tmp_path / "x.mv"
    observe(
        mv,
        lambda: mv.Database.open(path).path(),
        Differs(Raises("TypeError",
                       "argument 'path': 'PosixPath' object is not an instance of 'str'"),
                str(path)),
    )  # fmt: skip


@pytest.mark.parametrize(
    "call",
    [
        lambda db, name: db.insert(name, {"id": 1}),
        lambda db, name: db.get(name, 1),
        lambda db, name: db.delete(name, 1),
        lambda db, name: db.collection(name).all(),
        lambda db, name: db.rebuild_indexes(name),
        lambda db, name: db.plan_schema_version(name, SCHEMA),
        lambda db, name: db.register_schema_version(name, SCHEMA),
        lambda db, name: db.backfill_top_level_field(name, "n", 1),
        lambda db, name: db.backfill_field_at_path(name, ["n"], 1),
    ],
)
def test_names_of_collections_are_trimmed_and_known(mv: ModuleType, call: object) -> None:
    db = opened(mv, SCHEMA)
    unknown = Raises("ModelVaultSchemaError", 'schema error: unknown collection name "C"')

    call(db, "\t c\n")
    observe(mv, lambda: call(db, "C"), unknown)


def test_an_error_of_the_system_says_what_happened_and_has_no_number(mv: ModuleType) -> None:
    error = outcome(lambda: mv.Database.open("/nowhere/x.mv"))

    assert isinstance(error, OSError)
    assert str(error) == "No such file or directory (os error 2)"
    assert (error.errno, error.filename) == (None, None)


@pytest.mark.parametrize(
    "keeping",
    [
        lambda mv, db: db,
        lambda mv, db: db.collection("c"),
        lambda mv, db: db.collection("c").where("id", 1),
        lambda mv, db: db.transaction(),
        lambda mv, db: mv.models.collection(db, Row),
        lambda mv, db: mv.models.collection(db, Row).where("id", 1),
    ],
)
def test_a_file_is_free_when_the_last_that_uses_it_is_gone(
    mv: ModuleType, keeping: object, tmp_path: Path
) -> None:
    path = str(tmp_path / "x.mv")
    db = mv.Database.open(path)
    db.register_collection("c", SCHEMA, "id")
    kept = keeping(mv, db)

    del db
    gc.collect()
    assert isinstance(outcome(lambda: mv.Database.open(path)), OSError)
    del kept
    gc.collect()

    assert mv.Database.open(path).collection_names() == ["c"]
