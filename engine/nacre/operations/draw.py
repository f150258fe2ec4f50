"""A lineage as text, for Graphviz and for Mermaid."""

from collections.abc import Callable, Mapping

from nacre.operations.trace import Link, Node, Trace
from nacre.views.lineage import MADE_FROM, Place

_MERMAID = str.maketrans({'"': "#quot;", "<": "#lt;", ">": "#gt;", "`": "#96;"})
_DOT = str.maketrans({'"': '\\"', "\\": "\\\\"})


def as_text(trace: Trace) -> str:
    """Return what it was made from and what was made from it, as two trees."""
    nodes = {node.place: node for node in trace.nodes}
    inputs: dict[Place, list[Place]] = {}
    outputs: dict[Place, list[Place]] = {}
    for link in trace.links:
        inputs.setdefault(link.target, []).append(link.source)
        outputs.setdefault(link.source, []).append(link.target)
    lines = []
    for start in trace.starts:
        lines.append(_described(nodes[start]))
        for title, steps in (("made from", inputs), ("made into", outputs)):
            if start in steps:
                lines += [f"  {title}", *_tree(start, steps, nodes)]
    if trace.is_cut:
        lines.append("there is more: name a commit with --position")
    return "\n".join(lines) + "\n"


def as_dot(trace: Trace) -> str:
    """Return a graph for Graphviz."""
    lines = ["digraph lineage {", "  rankdir=LR;", "  node [shape=box];"]
    for node in trace.nodes:
        style = ", style=bold" if node.place in trace.starts else ""
        lines.append(f'  {_id(node.place)} [label="{node.label.translate(_DOT)}"{style}];')
    for link in trace.links:
        lines.append(f"  {_id(link.source)} -> {_id(link.target)}{_dot_style(link)};")
    return "\n".join([*lines, "}"]) + "\n"


def as_mermaid(trace: Trace) -> str:
    """Return a flowchart for Mermaid."""
    lines = ["flowchart LR"]
    lines += [f'  {_id(n.place)}["{n.label.translate(_MERMAID)}"]' for n in trace.nodes]
    for link in trace.links:
        arrow = "-->" if link.why == MADE_FROM else "-.->"
        lines.append(f"  {_id(link.source)} {arrow} {_id(link.target)}")
    return "\n".join(lines) + "\n"


DRAWINGS: Mapping[str, Callable[[Trace], str]] = {
    "text": as_text,
    "dot": as_dot,
    "mermaid": as_mermaid,
}


def _tree(
    start: Place, steps: Mapping[Place, list[Place]], nodes: Mapping[Place, Node]
) -> list[str]:
    """Return a line for each event that can be reached; one that was shown is not followed."""
    lines: list[str] = []
    shown = {start}
    pending = [(place, 2) for place in reversed(steps[start])]
    while pending:
        place, depth = pending.pop()
        again = place in shown
        lines.append("  " * depth + _described(nodes[place]) + (" (above)" if again else ""))
        if not again:
            shown.add(place)
            pending += [(other, depth + 1) for other in reversed(steps.get(place, []))]
    return lines


def _described(node: Node) -> str:
    commit = "" if "(commit" in node.label else f" (commit {node.position})"
    return f"{node.label}{commit} by {node.actor}, {node.time:%Y-%m-%d}"


def _id(place: Place) -> str:
    return f"e{place[0]}_{place[1]}"


def _dot_style(link: Link) -> str:
    return "" if link.why == MADE_FROM else f' [style=dashed, tooltip="{link.why}"]'
