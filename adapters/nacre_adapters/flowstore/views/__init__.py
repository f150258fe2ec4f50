"""The state of flows, projected from the log: a view for each group of nouns."""

from nacre_adapters.flowstore.views.assets import Assets, Card, Move, Revision
from nacre_adapters.flowstore.views.flows import Flow, Flows, Output
from nacre_adapters.flowstore.views.people import People

__all__ = ["Assets", "Card", "Flow", "Flows", "Move", "Output", "People", "Revision"]
