"""Every kind of pandas frame comes back exactly, or is refused with the column's name."""

from collections.abc import Callable

import pandas as pd
import pytest
from frames.battery import EXACT, REFUSED
from frames.exactly import differences
from frames.payloads import CountingPayloads

from nacre.errors import Unstorable
from nacre.frames import get_frame, put_frame

MakeFrame = Callable[[], pd.DataFrame]


def test_the_battery_has_at_least_78_frames() -> None:
    assert len(EXACT) + len(REFUSED) >= 78


@pytest.mark.parametrize("make", EXACT.values(), ids=EXACT.keys())
def test_a_frame_comes_back_exactly(make: MakeFrame) -> None:
    payloads = CountingPayloads()

    back = get_frame(payloads, put_frame(payloads, make()))

    assert differences(make(), back) == []


@pytest.mark.parametrize("make", EXACT.values(), ids=EXACT.keys())
def test_a_copy_and_a_version_get_the_same_digest(make: MakeFrame) -> None:
    payloads = CountingPayloads()
    digest = put_frame(payloads, make())

    assert put_frame(CountingPayloads(), make().copy()) == digest
    assert put_frame(payloads, get_frame(payloads, digest)) == digest
    assert put_frame(payloads, make(), digest) == digest


@pytest.mark.parametrize("make", EXACT.values(), ids=EXACT.keys())
def test_a_range_of_rows_is_what_slicing_gives(make: MakeFrame) -> None:
    payloads = CountingPayloads()
    digest = put_frame(payloads, make())

    back = get_frame(payloads, digest, rows=(1, 3))

    assert differences(make().iloc[1:3], back) == []


@pytest.mark.parametrize("make", REFUSED.values(), ids=REFUSED.keys())
def test_what_would_not_come_back_is_refused_by_name(make: MakeFrame) -> None:
    payloads = CountingPayloads()

    with pytest.raises(Unstorable, match="the column 'a' cannot be stored exactly"):
        put_frame(payloads, make())

    assert not payloads.blobs


@pytest.mark.parametrize("make", EXACT.values(), ids=EXACT.keys())
def test_any_frame_can_be_read_to_arrow(make: MakeFrame) -> None:
    payloads = CountingPayloads()

    table = get_frame(payloads, put_frame(payloads, make()), to="arrow")

    assert table.num_columns >= make().shape[1]
    assert table.num_rows == (len(make()) if table.num_columns else 0)
