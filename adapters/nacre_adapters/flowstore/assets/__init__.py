"""Assets: objects with labels, that outlive the flows that saved them."""

from nacre_adapters.flowstore.assets.asset import Asset, Saved
from nacre_adapters.flowstore.assets.dataset import Dataset
from nacre_adapters.flowstore.assets.explainer import Explainer
from nacre_adapters.flowstore.assets.model import Model
from nacre_adapters.flowstore.assets.schema import Schema
from nacre_adapters.flowstore.assets.types import AssetPersistenceMethod, AssetType

__all__ = [
    "Asset",
    "AssetPersistenceMethod",
    "AssetType",
    "Dataset",
    "Explainer",
    "Model",
    "Saved",
    "Schema",
]
