"""`nacre sql`: one SELECT over the collections and frames of a vault."""

from pathlib import Path

import click
import pyarrow as pa

from nacre.cli.reading import at_option, reading
from nacre.cli.terminal import busy, json_option, print_json, print_table, vault_argument


@click.command(short_help="Ask collections and frames in SQL.")
@vault_argument
@click.argument("query")
@at_option
@json_option
def sql(vault: Path, query: str, at: str | None, as_json: bool) -> None:
    """Run QUERY, one SELECT over collections and frames by their names."""
    with reading(vault, at) as opened, busy("sql"):
        found = opened.sql(query, to="arrow")
    assert isinstance(found, pa.Table)
    # Not as dicts: two columns may have the same name.
    rows = list(zip(*(column.to_pylist() for column in found.columns), strict=True))
    if as_json:
        print_json({"columns": found.column_names, "rows": rows})
    else:
        print_table(found.column_names, rows)
