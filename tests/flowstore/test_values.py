"""Every plain value comes back exactly, or is refused with its path."""

import io
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from flowstore.alike import same
from flowstore.value_battery import EXACT, REFUSED
from frames import battery
from frames.exactly import differences, same_value
from frames.payloads import CountingPayloads

from nacre_adapters.flowstore.codecs import Codecs, Encoded, Limits, NotStorable


@pytest.fixture
def codecs() -> Codecs:
    return Codecs(CountingPayloads())


def test_the_batteries_are_as_large_as_they_should_be() -> None:
    assert len(EXACT) + len(REFUSED) >= 69
    assert len(battery.EXACT) + len(battery.REFUSED) >= 78


@pytest.mark.parametrize("make", EXACT.values(), ids=EXACT.keys())
def test_a_value_comes_back_exactly(make, codecs: Codecs) -> None:
    back = codecs.decode(Encoded.from_data(codecs.encode(make()).to_data()))

    assert same(make(), back)


@pytest.mark.parametrize("make", EXACT.values(), ids=EXACT.keys())
def test_what_came_back_has_the_same_identity(make, codecs: Codecs) -> None:
    first = codecs.encode(make())

    again = Codecs(CountingPayloads()).encode(codecs.decode(first))

    assert again.identity == first.identity


@pytest.mark.parametrize("make", battery.EXACT.values(), ids=battery.EXACT.keys())
def test_a_frame_comes_back_exactly(make, codecs: Codecs) -> None:
    first = codecs.encode({"frame": make()})

    back = codecs.decode(first)

    assert differences(make(), back["frame"]) == []
    assert codecs.encode({"frame": make().copy()}).identity == first.identity


@pytest.mark.parametrize("make", battery.EXACT.values(), ids=battery.EXACT.keys())
def test_columns_and_indexes_come_back_exactly(make, codecs: Codecs) -> None:
    frame = make()
    if frame.shape[1] == 0:
        return
    column = frame.iloc[:, 0]

    back = codecs.decode(codecs.encode([column, frame.index, frame.columns]))

    assert differences(column.to_frame(0), back[0].to_frame(0)) == []
    assert same_value(column.name, back[0].name)
    assert differences(pd.DataFrame(index=frame.index), pd.DataFrame(index=back[1])) == []
    assert differences(pd.DataFrame(columns=frame.columns), pd.DataFrame(columns=back[2])) == []


@pytest.mark.parametrize("make", REFUSED.values(), ids=REFUSED.keys())
def test_what_would_not_come_back_is_refused_with_its_path(make, codecs: Codecs) -> None:
    with pytest.raises(NotStorable, match=r"^data\['cfg'\]\[2\]") as caught:
        codecs.encode({"a": 1, "cfg": (0, 1, make())})

    assert isinstance(caught.value, ValueError)


@pytest.mark.parametrize("make", battery.REFUSED.values(), ids=battery.REFUSED.keys())
def test_a_frame_that_would_not_come_back_is_refused(make, codecs: Codecs) -> None:
    with pytest.raises(NotStorable, match=r"^data\[0\]: "):
        codecs.encode([make()])


def test_a_refused_key_and_a_refused_member_are_named(codecs: Codecs) -> None:
    with pytest.raises(NotStorable, match=r"output\[<object object at .*>\] \(the key\): "):
        codecs.encode({object(): 1}, name="output")
    with pytest.raises(NotStorable, match=r"data\[0\] \(the member <object"):
        codecs.encode([{object()}])


def test_a_message_says_how_to_opt_in(codecs: Codecs) -> None:
    with pytest.raises(NotStorable, match="opt in with trust='pickle'"):
        codecs.encode(lambda: 1)


def test_a_tuple_in_a_set_is_the_same_in_every_process() -> None:
    codecs = Codecs(CountingPayloads())
    here = [codecs.encode(make()).identity for make in EXACT.values()]

    assert _identities(seed="1").split() == here


def test_an_order_in_memory_is_kept_and_no_part_of_the_identity(codecs: Codecs) -> None:
    values = np.arange(4000.0).reshape(40, 100)

    one, other = codecs.encode(values), codecs.encode(np.asfortranarray(values))

    assert one.identity == other.identity
    assert codecs.decode(one).flags.c_contiguous
    assert codecs.decode(other).flags.f_contiguous


def test_a_slice_is_equal_to_a_copy(codecs: Codecs) -> None:
    values = np.arange(10_000)

    assert codecs.encode(values[::2]).identity == codecs.encode(values[::2].copy()).identity


def test_the_same_payload_is_stored_once() -> None:
    payloads = CountingPayloads()
    codecs = Codecs(payloads)
    codecs.encode({"first": b"x" * 100_000})

    payloads.new_bytes = 0
    codecs.encode({"second": [b"x" * 100_000, bytearray(b"x" * 100_000)]})

    assert payloads.new_bytes < 1000


def test_what_comes_back_can_be_changed(codecs: Codecs) -> None:
    stored = codecs.encode({"array": np.arange(1000), "frame": pd.DataFrame({"a": [1]})})

    first = codecs.decode(stored)
    first["array"][0] = 99
    first["frame"].loc[0, "a"] = 99

    assert codecs.decode(stored)["array"][0] == 0
    assert codecs.decode(stored)["frame"].loc[0, "a"] == 1


def test_a_file_is_stored_whole_and_left_where_it_stood(codecs: Codecs) -> None:
    file = io.BytesIO(b"abcdef")
    file.seek(3)

    back = codecs.decode(codecs.encode(file))

    assert (back.getvalue(), back.tell(), file.tell()) == (b"abcdef", 0, 3)


def test_small_values_need_no_blob() -> None:
    payloads = CountingPayloads()

    Codecs(payloads).encode({"loss": 0.5, "steps": [1, 2, 3]})

    assert payloads.blobs == {}


def test_the_limits_hold_for_writing(codecs: Codecs) -> None:
    small = Codecs(CountingPayloads(), limits=Limits(size_bytes=1000, items=10))

    with pytest.raises(NotStorable, match="more than 1,000 bytes"):
        small.encode(b"x" * 2000)
    with pytest.raises(NotStorable, match="more than 10 parts"):
        small.encode([1.0] * 11)


def _identities(seed: str) -> str:
    program = (
        "from flowstore.value_battery import EXACT\n"
        "from frames.payloads import CountingPayloads\n"
        "from nacre_adapters.flowstore.codecs import Codecs\n"
        "codecs = Codecs(CountingPayloads())\n"
        "print(*(codecs.encode(make()).identity for make in EXACT.values()))\n"
    )
    tests = Path(__file__).parent.parent
    environment = {"PYTHONHASHSEED": seed, "PYTHONPATH": str(tests)}
    run = [sys.executable, "-c", program]
    return subprocess.run(run, env=environment, capture_output=True, text=True, check=True).stdout
