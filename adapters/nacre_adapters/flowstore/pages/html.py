"""A page as one HTML file to look at: everything that came from data is escaped, nothing runs."""

import base64
from collections.abc import Iterable, Iterator
from io import BytesIO
from math import isfinite, isnan

import numpy as np
import pandas as pd
from jinja2 import DictLoader, Environment, StrictUndefined

from nacre_adapters.flowstore.codecs import Picture
from nacre_adapters.flowstore.pages import elements, inputs
from nacre_adapters.flowstore.pages.layout import Group, Page
from nacre_adapters.flowstore.pages.template import TEMPLATE

_MOST_ROWS = 200
_MOST_COLUMNS = 60
_MOST_TRACES = 30
_MOST_POINTS = 5000
_WIDTH, _HEIGHT = 640, 240
_INKS = ("#1f5f8b", "#c2571a", "#3f7d3a", "#7a4a8c", "#8a6d1d", "#555555")
_PICTURES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})


def render_page(page: Page) -> str:
    """Return *page* as HTML: no script, no link, no style that data could change."""
    environment = Environment(
        autoescape=True,
        loader=DictLoader({"page": TEMPLATE}),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["kind"] = _kind
    environment.filters["rows"] = _rows
    environment.filters["value"] = _value
    environment.filters["picture"] = _picture
    environment.filters["lines"] = _lines
    environment.filters["ratios"] = _ratios
    return environment.get_template("page").render(page=page, width=_WIDTH, height=_HEIGHT)


def _kind(item: object) -> str:
    """Return which part of the template shows an item."""
    if isinstance(item, Group):
        return item.kind
    kinds = {
        elements.RichText: "text",
        elements.Table: "table",
        elements.Plot: "plot",
        elements.Image: "image",
        inputs.InputElement: "input",
    }
    return next((name for kind, name in kinds.items() if isinstance(item, kind)), "other")


def _value(element: inputs.InputElement) -> str:
    """Return a value in words."""
    value = element.get_value()
    if isinstance(value, dict) and set(value) == {"min", "max"}:
        return f"{_cell(value['min'])} to {_cell(value['max'])}"
    if isinstance(value, list):
        return ", ".join(map(_cell, value))
    return _cell(value)


def _rows(table: elements.Table) -> dict[str, object]:
    frame = table.content
    most = max(0, min(table.max_table_rows_to_display, _MOST_ROWS))
    part = frame.iloc[:most, :_MOST_COLUMNS]
    return {
        "columns": [_cell(column) for column in part.columns],
        "rows": [[_cell(value) for value in row] for row in part.itertuples(index=False)],
        "shown": len(part),
        "all": len(frame),
    }


def _cell(value: object) -> str:
    is_missing = value is None or value is pd.NA or (isinstance(value, float) and isnan(value))
    try:
        return "" if is_missing else f"{value!s:.200}"
    except ValueError:  # Python writes out no integer of more than 4,300 digits
        return "a long number"


def _picture(content: object) -> str | None:
    """Return a picture as a data URL; None for what is none."""
    if isinstance(content, Picture) and content.media_type in _PICTURES:
        return _data_url(content.content, content.media_type)
    if hasattr(content, "save") and hasattr(content, "mode"):  # an image of Pillow
        target = BytesIO()
        content.save(target, format="PNG")
        return _data_url(target.getvalue(), "image/png")
    if hasattr(content, "savefig"):  # a figure of matplotlib that was not stored yet
        target = BytesIO()
        content.savefig(target, format="png")
        return _data_url(target.getvalue(), "image/png")
    return None


def _data_url(data: bytes, media_type: str) -> str:
    return f"data:{media_type};base64,{base64.b64encode(data).decode()}"


def _lines(figure: object) -> list[dict[str, str]]:
    """Return the traces of a figure of plotly as polylines; those of numbers, that is."""
    if not hasattr(figure, "to_dict"):
        return []
    try:
        traces = [_numbers(trace) for trace in figure.to_dict().get("data", [])[:_MOST_TRACES]]
    except (ValueError, TypeError, ArithmeticError):
        return []
    found = [(name, points) for name, points in traces if points]
    every = [point for _, points in found for point in points]
    if not every:
        return []
    (left, right), (low, high) = (_range(axis) for axis in zip(*every, strict=True))
    drawn = []
    for number, (name, points) in enumerate(found):
        placed = (
            f"{(x - left) / (right - left) * _WIDTH:.1f},"
            f"{_HEIGHT - (y - low) / (high - low) * _HEIGHT:.1f}"
            for x, y in points
        )
        drawn.append({"name": name, "ink": _INKS[number % len(_INKS)], "points": " ".join(placed)})
    return drawn


def _numbers(trace: dict[str, object]) -> tuple[str, list[tuple[float, float]]]:
    ys = _listed(trace.get("y"))
    xs = _listed(trace.get("x"))
    cut = f" (the first {_MOST_POINTS:,} points)" if len(ys) > _MOST_POINTS else ""
    xs, ys = xs[:_MOST_POINTS], ys[:_MOST_POINTS]
    if not xs or not all(isinstance(x, int | float) for x in xs):
        xs = list(range(len(ys)))
    pairs = [
        (float(x), float(y))
        for x, y in zip(xs, ys, strict=False)
        if isinstance(x, int | float) and isinstance(y, int | float) and isfinite(x) and isfinite(y)
    ]
    return f"{trace.get('name') or 'trace'!s:.60}{cut}", pairs


def _listed(values: object) -> list[object]:
    if isinstance(values, dict) and "bdata" in values:
        data = base64.b64decode(str(values["bdata"]))
        return list(np.frombuffer(data, str(values["dtype"])).tolist())
    if hasattr(values, "tolist"):
        return list(values.tolist())
    return list(values) if isinstance(values, Iterable) and not isinstance(values, str) else []


def _range(values: Iterable[float]) -> tuple[float, float]:
    found = list(values)
    low, high = min(found), max(found)
    return (low, high) if low < high else (low - 0.5, high + 0.5)


def _ratios(group: Group) -> Iterator[tuple[object, float]]:
    """Yield items and how wide each is."""
    ratio = group.ratio or [1.0] * len(group.items)
    return ((item, abs(float(part))) for item, part in zip(group.items, ratio, strict=True))
