"""Random texts, for trying builders out: one function for each return type."""

import random
import string
from collections.abc import Iterator, Sequence

import pandas as pd

_LETTERS = string.ascii_letters + string.digits
_LENGTH = 20


def random_column_string(
    df: pd.DataFrame, column_names: Sequence[str], **_: object
) -> pd.DataFrame:
    """Return a frame with a random text for each row of *df* in each column."""
    return pd.DataFrame({name: [_text() for _ in range(len(df))] for name in column_names})


def random_row_string(column_names: Sequence[str], **_: object) -> str | list[str]:
    """Return a random text, or a list of them when there are several columns."""
    texts = [_text() for _ in column_names]
    return texts[0] if len(texts) == 1 else texts


def random_gen_string(
    column_names: Sequence[str], df: pd.DataFrame, **_: object
) -> Iterator[str | list[str]]:
    """Yield what `random_row_string` returns, once for each row of *df*."""
    for _row in range(len(df)):
        yield random_row_string(column_names)


def _text() -> str:
    return "".join(random.choices(_LETTERS, k=_LENGTH))
