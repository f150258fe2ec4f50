"""What references resolve to."""

import pandas as pd
import pytest
from tablevault.memory import MemoryTables

from nacre_adapters.tablevault.errors import TableReferenceError, TVArgumentError
from nacre_adapters.tablevault.references.resolver import Read, Resolver
from nacre_adapters.tablevault.references.sources import Source

PEOPLE = pd.DataFrame(
    {
        "id": pd.array([1, 2, 3, None], dtype="Int64"),
        "name": pd.array(["O'Brien", "b,c", "x]:y", "10"], dtype="string"),
        "weight": pd.array([0.5, 1.5, 2.5, 2.5], dtype="Float64"),
        "is_new": pd.array([True, False, None, True], dtype="boolean"),
        "born": pd.to_datetime(["2001-01-01", "2002-02-02", "2003-03-03", None]),
        "kind": pd.Categorical(["a", "b", "a", "b"]),
        "list": [[1], [2, 3], None, [1]],
        "two words": [1.0, 2.0, 3.0, 4.0],
    }
)
OWN = pd.DataFrame({"k": pd.array([3, 1, 9], dtype="Int64"), "t": ["a", None, "b"]})
TABLES = MemoryTables(
    {
        "people": {"base_1": PEOPLE.iloc[:1], "base_2": PEOPLE, "v1_3": PEOPLE.iloc[1:2]},
        "self": {"base_1": pd.DataFrame({"k": ["a table called self"]})},
        "which": {"base_1": pd.DataFrame({"column": ["id", "name"], "table": ["people"] * 2})},
        "empty": {"base_1": pd.DataFrame({"c": []})},
    }
)


def resolver() -> Resolver:
    own = Source("self", OWN)
    return Resolver(TABLES, lambda: own)


def value(text: object, row: int | None = None) -> object:
    return resolver().resolve(text, row)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<<people(base).name[id::2]>>", "b,c"),
        ("<<people(base).name[ id :: 2 ]>>", "b,c"),
        ("<<people(base).id[name::O'Brien]>>", 1),
        ('<<people(base).id[name::"b,c"]>>', 2),
        ("<<people(base).id[name::'x]:y']>>", 3),
        ("<<people(base).weight[name::10]>>", 2.5),
        ("<<people(base).name[id::1:3]>>", ["O'Brien", "b,c"]),
        ("<<people(base).name[weight::2.5,kind::b]>>", "10"),
        ("<<people(base).name[is_new::true]>>", ["O'Brien", "10"]),
        ("<<people(base).name[is_new::False]>>", "b,c"),
        ("<<people(base).id[born::2002-02-02]>>", 2),
        ("<<people(base).id[born::2001-01-01:2003-01-01]>>", [1, 2]),
        ("<<people(base).id[kind::a]>>", [1, 3]),
        ("<<people(base).id[kind::a:b]>>", [1, 3]),
        ("<<people(base).list[id::2]>>", [2, 3]),
        ("<<people(base).two words[id::1]>>".replace("two words", "{two words}"), 1.0),
        ("<<people(base).id[two words::2]>>", 2),
        ("<<people(base).name[index::1]>>", "b,c"),
        ("<<people(base).index[name::10]>>", 3),
        ("<<people(base).name[id::99]>>", None),
        ("<<people(base).name[id::2:2]>>", None),
        ("<<people(v1).name[index::0]>>", "b,c"),
        ("<<people.name[index::0]>>", "b,c"),
        ("<<people(base_1).name[index::0]>>", "O'Brien"),
        ('<<"self".k[index::0]>>', "a table called self"),
        ("<<people(base).name[id::<<self.k[index::1]>>]>>", "O'Brien"),
        ("<<people(base).name[id::<<people(base).id[name::'b,c',weight::1:2]>>]>>", "b,c"),
        ("<<<<which.table[index::0]>>(base).id[index::0]>>", 1),
        ("<<people(base).<<which.column[index::1]>>[id::1]>>", "O'Brien"),
        ("<<people(base).id[<<which.column[index::1]>>::b,c]>>".replace("b,c", "'b,c'"), 2),
        ("1<<people(base).id[id::2]>>", 12),
        ("[<<people(base).id[id::1]>>, <<people(base).id[id::2]>>]", [1, 2]),
        ("id <<people(base).id[id::1]>>", "id 1"),
        ("plain <<text", "plain <<text"),
        (5, 5),
        ([1, {"a": "<<people(base).id[id::1]>>"}], [1, {"a": 1}]),
    ],
)
def test_values(text: object, expected: object) -> None:
    assert value(text) == expected


def test_what_lies_in_the_current_row() -> None:
    assert value("<<self.k[index]>>", 0) == 3
    assert value("<<self.t[index]>>", 1) is None or pd.isna(value("<<self.t[index]>>", 1))
    assert value("<<self.index>>", 2) == 2
    assert value("<<people(base).name[index]>>", 1) == "b,c"
    assert value("<<people(base).name[id]>>", 1) == "O'Brien"
    assert value("<<people(base).name[id::<<self.k[index]>>]>>", 0) == "x]:y"
    assert value("<<people(base).name[id::<<self.k[index]>>]>>", 2) is None


def test_frames_have_the_number_of_the_row_and_keep_types() -> None:
    whole = value("<<people(base)>>")
    some = value("<<people(base).{weight,id}[id::1:3]>>")
    one = value("<<people(base).weight>>")

    assert list(whole.columns) == ["index", *PEOPLE.columns]
    assert whole["index"].tolist() == [0, 1, 2, 3]
    assert list(some.columns) == ["weight", "id"]
    assert some["id"].tolist() == [1, 2]
    assert some.index.tolist() == [0, 1]
    assert str(some["weight"].dtype) == "Float64"
    assert list(one.columns) == ["weight"]
    assert value("<<empty.c>>").shape == (0, 1)


@pytest.mark.parametrize(
    ("text", "error", "match"),
    [
        ("<<nowhere.c>>", TableReferenceError, "<<nowhere>> refers to nothing"),
        ("<<people(v9).id>>", TableReferenceError, r"<<people\(v9\)>> refers to nothing"),
        ("<<people(base).age>>", TableReferenceError, "no column 'age': it has index, id, name"),
        ("<<people(base).id[age::1]>>", TableReferenceError, "no column 'age'"),
        ("<<self.z>>", TableReferenceError, "self has no column 'z': it has index, k, t"),
        ("<<self.k[index]>>", TableReferenceError, "means the current row"),
        ("<<people(base).id[id::many]>>", TVArgumentError, "has the type Int64, and 'many' is no"),
        ("<<people(base).id[born::soon]>>", TVArgumentError, "'soon' is no value of it"),
        ("<<people(base).id[is_new::maybe]>>", TVArgumentError, "neither true nor false"),
        ("<<people(base).id[list::1:2]>>", TVArgumentError, "cannot be compared"),
        (
            "<<people(base).id[id::<<people(base).id[id::99]>>]>>",
            TVArgumentError,
            "compares the column 'id' of table 'people' with a missing value",
        ),
    ],
)
def test_what_refers_to_nothing_is_an_error(text: str, error: type, match: str) -> None:
    with pytest.raises(error, match=match):
        value(text)


def test_what_was_read_is_noted_with_the_columns_of_conditions() -> None:
    one = resolver()

    one.resolve("<<people(base).name[id::<<self.k[index]>>,weight::0:9]>>", 0)
    one.resolve("<<which>>")

    assert list(one.reads) == [
        Read("people", "base_2", "name"),
        Read("people", "base_2", "id"),
        Read("people", "base_2", "weight"),
        Read("which", "base_1", ""),
    ]


def test_equal_values_are_found_among_many() -> None:
    many = pd.DataFrame({"k": range(10_000), "v": [str(k % 7) for k in range(10_000)]})
    source = Source("self", many)
    one = Resolver(MemoryTables(), lambda: source)

    for k in (0, 9_999, 5_000):
        assert one.resolve(f"<<self.k[k::{k},v::{k % 7}]>>") == k
