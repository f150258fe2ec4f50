"""The ensemble as the JSON file that `dump_file_json` writes."""

import json
import os
from collections.abc import Callable
from pathlib import Path

from nacre_adapters.trajectories.state import Iteration
from nacre_adapters.trajectories.views import Ensemble

Shown = Callable[[str], object]
"""How a level shows a metadata text."""


def dump(
    ensemble: Ensemble,
    to: Path,
    *,
    metadata: Shown,
    archived: Callable[[str], dict[str, object]],
    numbers: Callable[[Iteration], dict[str, object]],
) -> None:
    """Write the whole ensemble; trajectories are numbered from 0, iterations from 1."""
    content = {
        "trajectories": {
            str(number): {
                "file": state.file,
                "status": state.status,
                "metadata": metadata(state.metadata),
            }
            for number, state in enumerate(ensemble.trajectories())
        },
        "archived_trajectories": {
            str(place): {"file": state.file, **archived(state.metadata)}
            for place, state in enumerate(ensemble.archive())
        },
        "splitting_data": {
            str(place): {
                **numbers(iteration),
                "min_max_start": iteration.min_max,
                "discarded_ids": iteration.discarded,
                "ancestor_ids": iteration.ancestors,
                "min_vals": iteration.min_vals,
                "status": iteration.status,
            }
            for place, iteration in enumerate(ensemble.iterations(), 1)
        },
    }
    with to.open("w") as file:
        json.dump(content, file, indent=2)


def default_place(file_name: str | os.PathLike[str]) -> Path:
    """Return where a dump goes when nobody says: the stem of the database, in this directory."""
    return Path(f"{Path(file_name).stem}.json")
