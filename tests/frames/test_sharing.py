"""What a new version costs: what is new in it, wherever it stands."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from frames.payloads import CountingPayloads

from nacre.frames import append_frame, get_frame, put_frame
from nacre.hashing import Digest

ROWS = 800_000


def make_frame(rows: int, seed: int = 0) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "price": random.random(rows),
            "few": random.integers(0, 5, rows),
            "same": np.zeros(rows),
            "count": np.arange(rows),
            "gaps": np.where(random.random(rows) < 0.1, np.nan, random.random(rows)),
            "flag": random.random(rows) < 0.5,
            "name": pd.array(
                np.char.add("user ", random.integers(0, 9999, rows).astype(str)), "str"
            ),
        }
    )


@pytest.fixture(scope="module")
def base() -> pd.DataFrame:
    return make_frame(ROWS)


@pytest.fixture(scope="module")
def stored(base: pd.DataFrame) -> tuple[CountingPayloads, Digest]:
    payloads = CountingPayloads()
    return payloads, put_frame(payloads, base)


def share_of_new(
    stored: tuple[CountingPayloads, Digest], frame: pd.DataFrame, *, follows: bool = True
) -> float:
    """Return the new bytes of *frame* as a share of all those of the base."""
    payloads, previous = CountingPayloads(), stored[1]
    payloads.blobs = dict(stored[0].blobs)
    digest = put_frame(payloads, frame, previous if follows else None)
    pd.testing.assert_frame_equal(get_frame(payloads, digest), frame)
    return payloads.new_bytes / stored[0].new_bytes


def insert(frame: pd.DataFrame, row: int, count: int) -> pd.DataFrame:
    more = make_frame(count, seed=row)
    return pd.concat([frame[:row], more, frame[row:]], ignore_index=True)


def test_an_unchanged_frame_costs_nothing(base, stored) -> None:
    assert share_of_new(stored, base.copy()) == 0


def test_appended_rows_cost_themselves(base, stored) -> None:
    longer = pd.concat([base, make_frame(ROWS // 100, 1)], ignore_index=True)

    assert share_of_new(stored, longer) <= 0.015


def test_a_new_column_costs_itself(base, stored) -> None:
    wider = base.assign(new=np.random.default_rng(9).random(ROWS))

    assert share_of_new(stored, wider) * stored[0].new_bytes <= ROWS * 8 * 1.01


def test_fifty_edited_cells_cost_one_percent_at_most(base, stored) -> None:
    random = np.random.default_rng(2)
    edited = base.copy()
    for row, column in zip(random.integers(0, ROWS, 50), random.integers(0, 2, 50), strict=True):
        edited.iloc[row, column] = 7

    assert share_of_new(stored, edited) <= 0.01


@pytest.mark.parametrize("rows", [[400_000], [0], [799_999], [100_000, 350_000, 600_000]])
def test_inserted_rows_cost_five_percent_at_most(base, stored, rows: list[int]) -> None:
    longer = base
    for row in rows:
        longer = insert(longer, row, 100)

    assert share_of_new(stored, longer) <= 0.05


def test_deleted_rows_cost_five_percent_at_most(base, stored) -> None:
    shorter = base.drop(range(400_000, 400_100)).drop(range(10)).reset_index(drop=True)

    assert share_of_new(stored, shorter) <= 0.05


def test_a_window_that_slid_on_costs_what_came_in(base, stored) -> None:
    slid = pd.concat([base[8000:], make_frame(8000, 3)], ignore_index=True)

    assert share_of_new(stored, slid) <= 0.05


def test_frames_written_apart_still_share_chunks(base, stored) -> None:
    assert share_of_new(stored, insert(base, 400_000, 100), follows=False) <= 0.35


def test_many_edited_versions_stay_cheap_and_right() -> None:
    payloads = CountingPayloads()
    frame = make_frame(100_000)
    digest = put_frame(payloads, frame)
    random = np.random.default_rng(4)
    first = payloads.new_bytes
    for version in range(60):
        frame = frame.copy()
        rows = random.integers(0, len(frame), 10)
        frame.loc[rows, "price"] = random.random(10)
        if version % 7 == 0:
            frame = insert(frame, int(rows[0]), 3)
        digest = put_frame(payloads, frame, digest)

    pd.testing.assert_frame_equal(get_frame(payloads, digest), frame)
    assert payloads.new_bytes - first <= first


def test_a_thousand_small_appends_leave_few_chunks() -> None:
    payloads = CountingPayloads()
    digest = put_frame(payloads, pd.DataFrame({"a": [0.5], "b": ["x"]}))
    for number in range(1000):
        digest = append_frame(
            payloads, digest, pd.DataFrame({"a": [number / 3], "b": [str(number)]})
        )

    payloads.reads = 0
    assert len(get_frame(payloads, digest)) == 1001
    assert payloads.reads <= 30


@pytest.mark.parametrize("column", ["few", "same", "flag"])
def test_columns_of_few_values_are_cut_into_chunks(base, column: str) -> None:
    payloads = CountingPayloads()
    wide = pd.concat([base[[column]].astype(float)] * 3, ignore_index=True)

    put_frame(payloads, wide)

    assert max(map(len, payloads.blobs.values())) <= 2 << 20


def test_equal_frames_get_equal_digests_in_every_process() -> None:
    code = (
        "import numpy as np, pandas as pd\n"
        "from nacre.blobs.memory import MemoryBlobs\n"
        "from nacre.frames import put_frame\n"
        "values = [{'b', 'a', 'c'}, frozenset(range(9)), {'k': (1, 2)}]\n"
        "frame = pd.DataFrame({'a': pd.Series(values, dtype=object), 'x': [0.1, 0.2, 0.3]})\n"
        "print(put_frame(MemoryBlobs(), frame))\n"
    )
    digests = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(filter(None, sys.path))},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }

    assert len(digests) == 1
