"""The same data for everyone, from a seed: frames, and the events of the account view.

It is imported in every environment, so it needs no more than numpy and pandas, and makes the
same values with pandas 2 and 3.
"""

import hashlib

import numpy as np
import pandas as pd

COLUMNS = 10
FLOATS = tuple(f"measure_{number}" for number in range(6))
_CARRIERS = ("9E", "AA", "AS", "B6", "DL", "EV", "F9", "FL", "HA", "MQ", "OO", "UA", "US", "WN")
_TAILS = 4000


def make_frame(rows: int, seed: int = 1, *, ids: bool = False) -> pd.DataFrame:
    """Return 6 float64, 2 int64 and 2 string columns; random floats, which do not compress.

    The strings are of few kinds, carriers and tail numbers; with *ids*, the latter are ids that
    all differ.
    """
    random = np.random.default_rng(seed)
    columns: dict[str, object] = {name: random.standard_normal(rows) for name in FLOATS}
    columns["time_ns"] = 1_700_000_000_000_000_000 + np.cumsum(random.integers(1, 10**9, rows))
    columns["account"] = random.integers(0, 2**62, rows)
    columns["carrier"] = _picked(_CARRIERS, random.integers(0, len(_CARRIERS), rows))
    tails = [f"N{number}{chr(65 + number % 26)}" for number in range(10_000, 10_000 + _TAILS)]
    chosen = random.integers(0, _TAILS, rows)
    columns["tail"] = [f"id-{n:08d}" for n in range(rows)] if ids else _picked(tails, chosen)
    return pd.DataFrame(columns)


def with_other_column(frame: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Return *frame* with all values of one float column replaced."""
    values = np.random.default_rng(seed).standard_normal(len(frame))
    return frame.assign(**{FLOATS[2]: values})


def with_other_cells(frame: pd.DataFrame, cells: int, seed: int) -> pd.DataFrame:
    """Return a copy of *frame* with *cells* random cells changed, in any column."""
    random = np.random.default_rng(seed)
    changed = frame.copy()
    places = zip(
        random.integers(0, len(frame), cells), random.integers(0, COLUMNS, cells), strict=True
    )
    for row, column in places:
        cell = changed.iat[row, column]
        changed.iat[row, column] = "ZZ" if isinstance(cell, str) else cell + 1
    return changed


def with_inserted(frame: pd.DataFrame, rows: int, seed: int) -> pd.DataFrame:
    """Return *frame* with new rows in its middle."""
    middle = len(frame) // 2
    parts = [frame.iloc[:middle], make_frame(rows, seed), frame.iloc[middle:]]
    return pd.concat(parts, ignore_index=True)


def fingerprint(frame: pd.DataFrame) -> str:
    """Return a hash of all values, to prove that two environments have the same data."""
    digest = hashlib.sha256()
    for name in frame.columns:
        values = frame[name]
        if values.dtype.kind in "if":
            digest.update(values.to_numpy().tobytes())
        else:
            digest.update("\n".join(values).encode())
    return digest.hexdigest()


def make_deposits(events: int, accounts: int, seed: int = 1) -> list[tuple[str, dict[str, object]]]:
    """Return subject and data of *events*: deposits to random accounts, numbered by account."""
    random = np.random.default_rng(seed)
    chosen = random.integers(0, accounts, events).tolist()
    amounts = random.integers(1, 1_000_000, events).tolist()
    numbers = [0] * accounts
    deposits: list[tuple[str, dict[str, object]]] = []
    for account, amount in zip(chosen, amounts, strict=True):
        numbers[account] += 1
        data = {"number": numbers[account], "amount": amount, "currency": "EUR"}
        deposits.append((f"account-{account:05d}", data))
    return deposits


def _picked(values: "tuple[str, ...] | list[str]", chosen: np.ndarray) -> list[str]:
    return [values[number] for number in chosen.tolist()]
