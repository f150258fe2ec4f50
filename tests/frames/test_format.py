"""The bytes of format 1 never change: these manifests were written when it was new."""

import numpy as np
import pandas as pd
from frames.payloads import CountingPayloads

from nacre.frames import get_frame, put_frame
from nacre.hashing import Digest


def frozen_frame() -> pd.DataFrame:
    frame = pd.DataFrame({"count": np.arange(2000), "half": np.arange(2000) / 2})
    frame["text"] = pd.Series([f"row {row}" for row in range(2000)], dtype=object)
    frame["cells"] = pd.Series([(row, None) for row in range(2000)], dtype=object)
    frame["when"] = np.arange(2000).astype("M8[s]")
    frame.columns = pd.Index(list(frame), dtype=object)
    return frame


FROZEN = Digest.parse("b3:50311ce3b97deb54677f136ec0908bb668589936b5bf7afa60f999edbe3f02c4")
MANIFEST = (
    "86a56672616d6501a46b696e64a670616e646173a4726f777302a7636f6c756d6e739195a161a5696e743634"
    "100194a56e756d707981a56474797065a33c69389194a5696e743634029194c4100100000000000000020000"
    "00000000000200109090a5706172747382a5696e64657895a5696e646578a5696e743634000094a572616e67"
    "6584a5737461727400a473746f7002a47374657001a46e616d65c401c09090a66c6162656c7395a7636f6c75"
    "6d6e73a66f626a656374410194a5696e64657883a5636c617373a5496e646578a46e616d65c401c0a4667265"
    "71c0909194a474657874809194ac6c617267655f737472696e67019196c44101000000000000000000000000"
    "0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
    "000000000000006101004101009090a668656164657282a56174747273c409c7060291a464696374aa647570"
    "6c696361746573c3"
)


def test_a_frame_has_the_digest_that_it_always_had() -> None:
    assert str(put_frame(CountingPayloads(), frozen_frame())) == str(FROZEN)


def test_an_inline_manifest_of_format_1_still_opens() -> None:
    payloads = CountingPayloads()
    digest = payloads.put_blob(bytes.fromhex(MANIFEST))

    frame = get_frame(payloads, digest)

    pd.testing.assert_frame_equal(
        frame, pd.DataFrame({"a": np.array([1, 2], "i8")}), check_column_type=False
    )
