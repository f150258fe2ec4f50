"""Which steps come before a step, and which after it; and how a flow begins."""

from nacre_adapters.flowstore import events
from nacre_adapters.flowstore.events import Fact, flow_subject
from nacre_adapters.flowstore.views import Flows


def created(flows: Flows, flow: str, *, owner: str) -> list[Fact]:
    """Return the event that makes a flow which nobody declared; none when there is one."""
    known = flows.flow(flow)
    if known is not None and not known.is_deleted:
        return []
    return [flow_created(flow, owner=owner, app=None, steps=None, details={})]


def upstream(flows: Flows, flow: str, step: str | None) -> list[str]:
    """Return the steps whose outputs reach *step*, nearest first.

    In the order that was declared. Where none was, every other step counts, the one that did
    something first last.
    """
    known = flows.flow(flow)
    if known is None or known.is_deleted:
        return []
    if known.steps is None:
        return [each.name for each in reversed(flows.steps(flow)) if each.name != step]
    names = [name for name, _ in known.steps]
    return names[: names.index(step)][::-1] if step in names else names[::-1]


def downstream(flows: Flows, flow: str, step: str) -> list[str]:
    """Return the steps that come after *step* in the order that was declared."""
    known = flows.flow(flow)
    names = [] if known is None or known.steps is None else [name for name, _ in known.steps]
    return names[names.index(step) + 1 :] if step in names else []


def flow_created(
    flow: str,
    *,
    owner: str,
    app: str | None,
    steps: list[list[str]] | None,
    details: dict[str, object],
) -> Fact:
    """Return the event that makes a flow."""
    data = {"flow": flow, "app": app, "owner": owner, "steps": steps, "details": details}
    return Fact(events.FLOW_CREATED, flow_subject(flow), data)
