"""The rows of a collection page by page, and what they are in its indexes."""

from collections.abc import Iterator, Sequence

from nacre.keys import after_prefix
from nacre.rows.layout import Entries, all_index_values
from nacre.rows.stored import unpack_rows
from nacre.views.pairs import Pair, Pairs

_PAGE = 2048
_MOST_ENTRIES = 64 * _PAGE


def pages(pairs: Pairs, prefix: bytes) -> Iterator[list[Pair]]:
    """Yield what lies behind a prefix; what was yielded may change meanwhile."""
    start, stop = prefix, after_prefix(prefix)
    while page := pairs.page(start, stop, reverse=False, limit=_PAGE):
        yield page
        start = page[-1][0] + b"\x00"


def index_columns(
    pairs: Pairs, prefix: bytes, indexes: Sequence[Entries]
) -> Iterator[tuple[list[bytes], list[list[bytes]]]]:
    """Yield the keys of the rows behind a prefix, and what each is in each of the indexes.

    Many at a time, since entries are put quickest in their order.
    """
    keys: list[bytes] = []
    columns: list[list[bytes]] = [[] for _ in indexes]
    for page in pages(pairs, prefix):
        keys += [key[len(prefix) :] for key, _ in page]
        rows = unpack_rows([raw for _, raw in page])
        for entries, column in zip(indexes, columns, strict=True):
            column.extend(all_index_values(entries, rows))
        if len(keys) >= _MOST_ENTRIES:
            yield keys, columns
            keys, columns = [], [[] for _ in indexes]
    yield keys, columns
