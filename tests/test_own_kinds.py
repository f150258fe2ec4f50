"""The kinds of the engine's own events are for its nouns alone: its views trust them."""

import pandas as pd
import pytest

import nacre
from nacre.errors import InvalidInput


@pytest.mark.parametrize("kind", ["frame.written", "frame.kept", "rows.put", "nacre.compacted"])
def test_a_kind_of_the_engine_is_refused(kind: str, vault: nacre.Vault) -> None:
    with pytest.raises(InvalidInput, match=f"{kind}' is one of the engine's own"):
        vault.record(kind, subject="f", data={"version": 99})

    assert vault.head == 0


@pytest.mark.parametrize("kind", ["frames.kept", "framework.used", "my.frame.written", "nacre"])
def test_a_kind_that_only_looks_like_it_is_not(kind: str, vault: nacre.Vault) -> None:
    vault.record(kind, subject="nacre.anything")

    assert [event.kind for event in vault.events(kind=kind)] == [kind]


def test_it_is_refused_also_beside_a_frame(vault: nacre.Vault) -> None:
    with vault.transaction() as tx:
        tx.frames.write("f", pd.DataFrame({"a": [1]}))
        with pytest.raises(InvalidInput, match="choose a kind that begins otherwise"):
            tx.record("frame.written", subject="f", data={"version": 99})
        tx.frames.write("f", pd.DataFrame({"a": [2]}))
        tx.record("seen", subject="f")

    assert [event.kind for event in vault.events()] == ["frame.written"] * 2 + ["seen"]
    assert [event.kind for event in vault.events(kind="frame.written")] == ["frame.written"] * 2
    assert [found.version for found in vault.frames.versions("f")] == [0, 1]
    assert vault.verify().is_clean
