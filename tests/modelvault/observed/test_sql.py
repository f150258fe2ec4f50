"""The DB-API: which statements are read, in which words the others are refused, what rows are."""

from pathlib import Path
from types import ModuleType

import pytest
from modelvault_observed import Differs, Raises, observe
from modelvault_schemas import nested, optional

PARTS = {"object": [{"path": ["a"], "type": "int64"}]}
SCHEMA = nested(
    (["id"], "int64"), (["m", "x"], "string"), (["l"], {"list": "int64"}), (["ts"], "timestamp"),
    (["f"], optional("float64")), (["order"], optional("int64")), (["limit"], "bool"),
)  # fmt: skip
OTHER = nested((["id"], "int64"), (["ob"], PARTS), (["e"], {"enum": ["x"]}))
NO_PATH = 'unknown field path ["zz"]'
PARAMETER, OPERATOR = "expected parameter '?'", "expected one of '=', '<', '<=', '>', '>='"
TRAILING = "trailing tokens after SQL statement"


@pytest.fixture(scope="module")
def path(mv: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> str:
    path = str(tmp_path_factory.mktemp("sql") / "x.mv")
    db = mv.Database.open(path)
    db.register_collection("c", SCHEMA, "id")
    for n in range(3):
        db.insert("c", {
            "id": n, "m": {"x": f"s{n}"}, "l": [n], "ts": n, "f": n / 2 if n else None,
            "limit": n > 1,
        })  # fmt: skip
    db.register_collection("Other_1", OTHER, "id")
    for n in (1, 2):
        db.insert("Other_1", {"id": n, "ob": {"a": 9 - n}, "e": "x"})
    return path


@pytest.fixture
def cursor(mv: ModuleType, path: str):
    return mv.dbapi.connect(path).cursor()


def selected(cursor, sql: object, *params: object) -> object:
    cursor.execute(sql, *params)
    found = cursor.fetchall()
    return found if isinstance(sql, str) and "order by" in sql.lower() else sorted(found)


@pytest.mark.parametrize(
    ("sql", "params", "rows"),
    [
        ("select * from c where id = ?", [1], [(1, "s1", [1], 1, 0.5, None, False)]),
        ("SeLeCt id FrOm c WhErE id = ?", (1,), [(1,)]),
        ("select\tid\nfrom c", None, [(0,), (1,), (2,)]),
        ("select m.x,id from c where id >= ? and (m.x = ? or id = ?) order by id desc limit 2",
         (0, "s1", 2), [("s2", 2), ("s1", 1)]),
        ("select id from c where id = ? or id = ? and m.x = ?", (0, 1, "no"), [(0,)]),
        ("select id from c where (id = ? or id = ?) and m.x = ?", (0, 1, "no"), []),
        ("select id from c where((id=?))", (1,), [(1,)]),
        ("select id from c where id>? and id<=?", (0, 1), [(1,)]),
        ("select id,id from c order by ts asc limit 1", None, [(0, 0)]),
        ("select order, limit from c where limit = ? order by limit", [True], [(None, True)]),
        ("select m . x from c where m. x = ?", ["s2"], [("s2",)]),
        ("select ts from c where ts = ?", [2], [(2,)]),
        ("select f from c order by f limit 1048576", None, [(0.5,), (1.0,), (None,)]),
        ("select id from c limit 0", None, []),
        ("select ob, e from Other_1 order by ob.a", None, [({"a": 7}, "x"), ({"a": 8}, "x")]),
    ],
)  # fmt: skip
def test_a_select_is_read(cursor, sql: str, params: object, rows: list[object]) -> None:
    assert selected(cursor, sql, params) == rows


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("", 'expected keyword "select"'), ("update c", 'expected keyword "select"'),
        ("select", "expected '*' or column list after SELECT"),
        ("select , from c", "expected '*' or column list after SELECT"),
        ("select id", 'expected keyword "from"'), ("select id x from c", 'expected keyword "from"'),
        ("select id as x from c", 'expected keyword "from"'),
        ("select count(*) from c", 'expected keyword "from"'),
        ("select *, id from c", 'expected keyword "from"'),
        ("select id from", "expected identifier"), ("select id from 3", "expected identifier"),
        ("select id, * from c", "expected identifier"),
        ("select m..x from c", "expected identifier"),
        ("select id from c where", "expected predicate"),
        ("select id from c where ()", "expected predicate"),
        ("select id from c where ? = id", "expected predicate"),
        ("select id from c where id = ? and", "expected predicate"),
        ("select id from c where id = 5", PARAMETER), ("select id from c where id =", PARAMETER),
        ("select id from c where id <> ?", PARAMETER),
        ("select id from c where id is null", PARAMETER),
        ("select id from c where id in (?)", PARAMETER),
        ("select id from c where not id = ?", PARAMETER),
        ("select id from c where id == ?", PARAMETER),
        ("select id from c where id like ?", OPERATOR),
        ("select id from c where id", "expected comparison operator"),
        ("select id from c where (id = ?", "expected ')'"),
        ("select id from c limit", "expected integer after LIMIT"),
        ("select id from c limit ?", "expected integer after LIMIT"),
        ("select id from c limit x", "LIMIT must be an integer"),
        ("select id from c limit 1048577", "LIMIT 1048577 exceeds maximum 1048576"),
        ("select id from c limit 99999999999", "LIMIT 99999999999 exceeds maximum 1048576"),
        ("select id from c order id", 'expected keyword "by"'),
        ("select id from c order by", "expected identifier"),
        *((f"select id from c {rest}", TRAILING) for rest in (
            "where id = ?)", "order by id, m.x", "order by id foo", "limit 1 offset 1",
            "limit 1 order by id", "c2", ", d", "group by id", "where id = ? id = ?")),
        *((f"select id from c {rest}", f"unsupported character in SQL: '{shown}'")
          for rest, shown in ((";", ";"), ("-- x", "-"), ("/* x */", "/"), ("where id != ?", "!"),
                              ("where id = 'x'", "\\'"), ('where "id" = ?', '"'), ("é", "é"))),
    ],
)  # fmt: skip
def test_what_is_no_select_is_said(mv: ModuleType, cursor, sql: str, message: str) -> None:
    params = [1] * sql.count("?")

    observe(
        mv,
        lambda: selected(cursor, sql, params),
        Raises("ModelVaultQueryError", f"query error: {message}"),
    )


@pytest.mark.parametrize(
    ("sql", "params", "observed"),
    [
        ("select zz from c", [], Raises("ValueError", NO_PATH)),
        ("select zz from c where id = ?", ["x"], Raises(
            "TypeError", "'str' object cannot be interpreted as an integer")),
        ("select id from c where zz = ?", [1], Raises("ValueError", NO_PATH)),
        ("select m from c", [], Raises("ValueError", 'unknown field path ["m"]')),
        ("select c.id from c", [], Raises("ValueError", 'unknown field path ["c", "id"]')),
        ("select ID from c", [], Raises("ValueError", 'unknown field path ["ID"]')),
        ("select id from C", [], Raises(
            "ModelVaultSchemaError", 'schema error: unknown collection name "C"')),
        ("select id from c where id = ?", ["x"], Raises(
            "TypeError", "'str' object cannot be interpreted as an integer")),
        ("select id from c where id = ?", [None], Raises(
            "TypeError", "'NoneType' object cannot be interpreted as an integer")),
        ("select id from c where f = ?", [None], Raises(
            "TypeError", "must be real number, not NoneType")),
        ("select id from c where id = ?", [2**63], Raises(
            "OverflowError", "Python int too large to convert to C long")),
        ("select id from c where id = ?", [], Raises(
            "ValueError", "expected 1 SQL parameters, got 0")),
        ("select id from c where id = ?", None, Raises(
            "ValueError", "expected 1 SQL parameters, got 0")),
        ("select id from c where id = ?", [1, 2], Raises(
            "ValueError", "expected 1 SQL parameters, got 2")),
        ("select id from c", [1], Raises("ValueError", "expected 0 SQL parameters, got 1")),
        *(("select id from c where id = ?", odd, Raises(
            "ValueError", "params must be a tuple or list")) for odd in ({1: 1}, "1", 1)),
        ("select id from c where l = ?", [1], Raises(
            "ValueError", "internal: scalar_from_py called on composite type")),
        (3, None, Raises("TypeError", "argument 'sql': 'int' object is not an instance of 'str'")),
        (None, None, Raises("TypeError", "argument 'sql': 'None' is not an instance of 'str'")),
        ("select ob.a from Other_1", None, Differs(
            Raises("ValueError", 'unknown field path ["ob", "a"]'), [(7,), (8,)])),
        ("select id from Other_1 where ob.a = ?", [7], Differs(
            Raises("ValueError", 'unknown field path ["ob", "a"]'), [(2,)])),
        ("select id from Other_1 where e = ?", ["x"], Differs(
            Raises("ValueError", "internal: scalar_from_py called on composite type"),
            [(1,), (2,)])),
        ("select id from c where id > ? order by zz", [1], Differs(
            [(2,)], Raises("ValueError", NO_PATH))),
    ],
)  # fmt: skip
def test_names_and_parameters_must_fit(
    mv: ModuleType, cursor, sql: object, params: object, observed: object
) -> None:
    observe(mv, lambda: selected(cursor, sql, params), observed)


def test_rows_are_fetched_in_turn_under_their_names(mv: ModuleType, cursor) -> None:
    assert (cursor.description, cursor.fetchone(), cursor.fetchall(), cursor.fetchmany(3)) == (
        None, None, [], [],
    )  # fmt: skip

    assert cursor.execute("select * from c order by id") is None
    names = ["id", "m.x", "l", "ts", "f", "order", "limit"]
    assert cursor.description == tuple((name, *[None] * 6) for name in names)
    cursor.execute("select id from c order by id")
    assert (cursor.fetchone(), cursor.fetchmany(), cursor.fetchmany(size=9)) == (
        (0,), [(1,)], [(2,)],
    )  # fmt: skip
    assert (cursor.fetchone(), cursor.fetchall(), cursor.fetchmany(2)) == (None, [], [])


def test_a_statement_that_fails_leaves_the_rows_of_before(mv: ModuleType, cursor) -> None:
    cursor.execute("select id from c where id > ? order by id", [0])

    observe(mv, lambda: cursor.execute("bad"), Raises(
        "ModelVaultQueryError", 'query error: expected keyword "select"'))  # fmt: skip
    assert (cursor.description, cursor.fetchall()) == ((("id", *[None] * 6),), [(1,), (2,)])


def test_what_is_closed_says_so(mv: ModuleType, path: str) -> None:
    connection = mv.dbapi.connect(path=path)
    cursor, other = connection.cursor(), connection.cursor()
    cursor.execute(sql="select id from c where id = ?", params=[1])
    assert (connection.commit(), connection.rollback(), cursor.close()) == (None, None, None)

    observe(mv, lambda: cursor.execute("select id from c"), Raises(
        "RuntimeError", "cursor is closed"))  # fmt: skip
    assert (cursor.fetchall(), cursor.fetchone(), cursor.description) == ([], None, None)
    connection.close()
    connection.close()
    observe(mv, connection.cursor, Raises("RuntimeError", "connection is closed"))
    observe(
        mv,
        lambda: other.execute("select id from c"),
        Differs(None, Raises("RuntimeError", "connection is closed")),
    )


def test_it_only_reads_and_says_what_it_cannot(mv: ModuleType, tmp_path: Path) -> None:
    observe(mv, lambda: mv.dbapi.connect(str(tmp_path / "no.mv")), Raises(
        "OSError", "No such file or directory (os error 2)"))  # fmt: skip
    observe(mv, lambda: mv.dbapi.connect(3), Raises(
        "TypeError", "argument 'path': 'int' object is not an instance of 'str'"))  # fmt: skip
    observe(mv, lambda: hasattr(mv.dbapi, "paramstyle"), Differs(False, True))
    observe(mv, lambda: hasattr(mv.dbapi.Cursor, "rowcount"), Differs(False, True))


@pytest.mark.parametrize("depth", [1, 100, 10_000])
def test_brackets_may_be_deep(cursor, depth: int) -> None:
    sql = f"select id from c where {'(' * depth}id = ?{')' * depth}"

    assert selected(cursor, sql, [1]) == [(1,)]
