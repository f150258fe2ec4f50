"""The rows of a collection page by page, and what they are in its indexes."""

from collections.abc import Iterator, Sequence

from nacre.rows.layout import Entries, all_index_values
from nacre.rows.stored import unpack_rows
from nacre.rows.table import Table

PAGE = 2048
_MOST_ENTRIES = 64 * PAGE


def index_columns(
    table: Table, cut: int, indexes: Sequence[Entries]
) -> Iterator[tuple[list[bytes], list[list[bytes]]]]:
    """Yield the keys of rows, behind *cut* bytes of prefix, and what each is in the indexes.

    Many at a time, since entries are put quickest in their order.
    """
    keys: list[bytes] = []
    columns: list[list[bytes]] = [[] for _ in indexes]
    for page in table.pages(PAGE):
        keys += [key[cut:] for key, _ in page]
        rows = unpack_rows([raw for _, raw in page])
        for entries, column in zip(indexes, columns, strict=True):
            column.extend(all_index_values(entries, rows))
        if len(keys) >= _MOST_ENTRIES:
            yield keys, columns
            keys, columns = [], [[] for _ in indexes]
    yield keys, columns
