"""What an element must be made of: checked before it is stored, and when it is read.

What comes out of a vault becomes the attributes of an object that code calls; so they are those
that its class sets, of the types that it sets, and never the name of a method.
"""

from collections.abc import Mapping
from math import isfinite
from types import UnionType

import numpy as np
import pandas as pd

from nacre_adapters.flowstore.pages.elements import Element

Types = type | UnionType
Text = str | None
Number = int | float | np.integer | np.floating
_MARKS = ("id", "commenter", "message", "time_created", "last_edited")

_COMMON: dict[str, Types] = {
    "id": str,
    "title": Text,
    "description": Text,
    "reference_id": Text,
    "show_title": bool,
    "show_description": bool,
    "label": Text,
    "placeholder": Text,
    "comments": list,
    "hash_bump": int,
}
_CHOICE: dict[str, Types] = {
    "options": dict | list,
    "multiselect": bool,
    "max_selections": int | None,
    "selected": list,
}
_NUMBERS: dict[str, Types] = {
    "min_range": Number,
    "max_range": Number,
    "single": bool,
    "step_size": Number | None,
    "min_selection": Number,
    "max_selection": Number,
    "selected": Number,
}
_TIMES = dict.fromkeys(
    ("timezone", "min_range", "max_range", "min_selection", "max_selection"), str
)
_FIGURE: dict[str, Types] = {"content": object}
_OWN: dict[str, Mapping[str, Types]] = {
    "rich_text": {"content": Text},
    "table": {"content": pd.DataFrame, "max_table_rows_to_display": int, "selected_rows": list},
    "plot": _FIGURE,
    "plotly_plot": _FIGURE,
    "image": _FIGURE,
    "text_input": {"value": Text},
    "dropdown": _CHOICE,
    "single_dropdown": _CHOICE,
    "multi_dropdown": _CHOICE,
    "data_source_dropdown": {"user_id": Text, "options": list, "selected": Text},
    "asset_selection": {"asset_label": Text, "asset_type": Text, "selected": Text},
    "numeric_range": _NUMBERS,
    "numeric_range_slider": _NUMBERS,
    "numeric_slider": _NUMBERS,
    "date_time_range": {**_TIMES, "is_range": bool},
    "data_source": {"options": list, "required": bool, "raw_upload": bool, "filename": Text},
    "custom_event": {},
}


def oddity(kind: type[Element], state: Mapping[str, object]) -> str | None:
    """Return what is wrong with the state of an element, in words; None when nothing is."""
    for name, types in (*_COMMON.items(), *_OWN[kind.type].items()):
        if name not in state:
            return f"it has no {name}"
        if not isinstance(state[name], types):
            return f"its {name} is a {type(state[name]).__name__}"
    for given in state:
        if not isinstance(given, str) or hasattr(kind, given):
            return f"it has a {given!r:.40}, which is no attribute"
    return _odd_comment(state["comments"]) or _odd_choice(state)


def odd_ratio(ratio: object) -> bool:
    """Tell whether what should say how wide each item of a group is does not."""
    if ratio is None:
        return False
    if not isinstance(ratio, list):
        return True
    return not all(isinstance(part, Number) and isfinite(part) for part in ratio)


def _odd_comment(comments: object) -> str | None:
    assert isinstance(comments, list)
    for comment in comments:
        if not isinstance(comment, dict) or not all(
            isinstance(comment.get(mark), str) for mark in _MARKS
        ):
            return "it has a comment that is none"
    return None


def _odd_choice(state: Mapping[str, object]) -> str | None:
    options, selected = state.get("options"), state.get("selected")
    if isinstance(options, dict) and isinstance(selected, list):
        is_known = all(isinstance(each, str | int | float) and each in options for each in selected)
        return None if is_known else "it has a choice that is none of its options"
    return None
