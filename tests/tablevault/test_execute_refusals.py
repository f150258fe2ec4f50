"""Builders and modules that are written wrongly: refused with file, line and key."""

from pathlib import Path

import pytest
from tablevault.memory import yaml_of
from tablevault.vaults import make, whole

from nacre_adapters.tablevault import (
    TableReferenceError,
    TVArgumentError,
    TVBuilderError,
    TVFileError,
    TVTableError,
)

INDEX = yaml_of("t_index", ["k"], "idx")


def column(name: str, reads: str) -> str:
    return yaml_of(name, [name], "f", a=f"<<self.{reads}>>")


BAD = {
    "a key is missing": (
        {"t_index": "builder_type: IndexBuilder\n"},
        (TVBuilderError, r"t_index.yaml, line 1: the key 'changed_columns' is missing"),
    ),
    "no mapping": ({"t_index": "- a"}, (TVBuilderError, "line 1: .*found a list")),
    "no YAML": (
        {"t_index": "a: [1\nb: 2\n"},
        (TVBuilderError, r"t_index.yaml, line 2, character 2"),
    ),
    "a reference that YAML takes for its own": (
        {"t_index": INDEX.replace("arguments: {}", "arguments: {k: <<u.k[index]>>}")},
        (
            TVBuilderError,
            r"line 6, .*; a reference between \{ \} or \[ \] of YAML stands in quotes",
        ),
    ),
    "a key twice": (
        {"t_index": INDEX + "is_custom: false\n"},
        (TVBuilderError, "line 7, key 'is_custom': it is given twice"),
    ),
    "a return type that is none": (
        {"t_index": INDEX + "return_type: row\n"},
        (TVBuilderError, "line 7, key 'return_type': return_type not recognized"),
    ),
    "no threads": (
        {"t_index": INDEX + "n_threads: 0\n"},
        (TVBuilderError, "key 'n_threads': .*greater than or equal to 1"),
    ),
    "no function": (
        {"t_index": yaml_of("t_index", ["k"], "nothing")},
        (TVFileError, "has no function 'nothing': it has idx, f"),
    ),
    "no module": (
        {"t_index": INDEX.replace(": m\n", ": n\n")},
        (TVFileError, "no code module 'n': there is m"),
    ),
    "a circle": (
        {"t_index": INDEX, "c": column("c", "d"), "d": column("d", "c")},
        (TVBuilderError, "c reads the column 'd' of d, which reads the column 'c' of c"),
    ),
    "a column that nobody makes": (
        {"t_index": INDEX, "c": column("c", "zz")},
        (TVBuilderError, "no builder makes the column 'zz': there is k, c"),
    ),
    "a table that there is not": (
        {"t_index": yaml_of("t_index", ["k"], "idx", x="<<other.k>>")},
        (TableReferenceError, "there is no table other"),
    ),
    "no reference": (
        {"t_index": yaml_of("t_index", ["k"], "idx", x="<<t.k[>>")},
        (TableReferenceError, "line 7, key 'arguments.x': .*at character 7"),
    ),
    "a key that is not made": (
        {"t_index": INDEX + "primary_key: [z]\n"},
        (TVArgumentError, "the primary key z is not made by t_index"),
    ),
    "no type": ({"t_index": INDEX + "dtypes: {k: Whole}\n"}, (TVTableError, "'Whole'")),
    "two that make a column": (
        {"t_index": INDEX, "c": yaml_of("c", ["k"], "f")},
        (TVBuilderError, "'k' is made by t_index and by c"),
    ),
}


@pytest.mark.parametrize(("builders", "refusal"), BAD.values(), ids=BAD)
def test_bad_builders_are_refused_with_file_and_key(
    builders: dict[str, str], refusal: tuple[type, str], tmp_path: Path
) -> None:
    vault = make(tmp_path / "v", "t")
    vault.create_code_module("m", text="import pandas as pd\ndef idx(): pass\ndef f(a): pass\n")
    vault.create_instance("t", builders=builders)

    error, match = refusal
    with pytest.raises(error, match=match):
        vault.execute_instance("t")

    assert vault.get_active_processes() == {}
    vault.create_builder_file("t", text=yaml_of("t_index", ["k"], "idx"))
    assert whole(vault)


def test_a_module_with_a_syntax_error_is_refused_with_its_line(tmp_path: Path) -> None:
    vault = make(tmp_path / "v", "t")
    vault.create_code_module("m", text="import os\ndef idx(:\n    pass\n")
    vault.create_instance("t", builders={"t_index": yaml_of("t_index", ["k"], "idx")})

    with pytest.raises(TVBuilderError, match="module 'm' is no Python, line 2"):
        vault.execute_instance("t")
