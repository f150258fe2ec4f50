"""What a run that did not end has made, with the rows of the builder that it was at."""

from collections.abc import Iterable

import pandas as pd

from nacre_adapters.tablevault.execution.journal import Part, Stage
from nacre_adapters.tablevault.execution.working import Working


def made_partly(
    stage: Stage | None, parts: Iterable[Part], artifact_columns: Iterable[str]
) -> Stage | None:
    """Return the columns so far, missing where nothing was computed; None when nothing was.

    *artifact_columns* are those of all builders: parts do not say what theirs are.
    """
    parts = list(parts)
    if stage is None and not parts:
        return None
    working = Working(pd.DataFrame() if stage is None else stage.frame)
    for part in parts:
        working.put(part)
    known = {*artifact_columns, *(() if stage is None else stage.artifact_columns)}
    frame = working.frame()
    artifacts = tuple(name for name in frame.columns if name in known)
    return Stage(frame=frame, artifact_columns=artifacts)
