"""StoreInterface on a vault: flows of steps, their outputs, assets, pages and connections."""

from nacre_adapters.flowstore.assets import Asset, AssetType, Dataset, Explainer, Model, Schema
from nacre_adapters.flowstore.attempts import attempt, declare_flow, delete_flow
from nacre_adapters.flowstore.code import code_of
from nacre_adapters.flowstore.codecs import NotStorable, NotTrusted
from nacre_adapters.flowstore.errors import (
    AssetNotFound,
    FlowNotFound,
    InputNotFound,
    NotPermitted,
    PredictException,
    StepMissing,
    Superseded,
)
from nacre_adapters.flowstore.interface import StoreInterface
from nacre_adapters.flowstore.memo import reuse
from nacre_adapters.flowstore.pages.run import FlowRun, run_flow
from nacre_adapters.flowstore.people import appoint, dismiss, join, leave
from nacre_adapters.flowstore.place import find_place, open_place, use_store
from nacre_adapters.flowstore.tqdm_bar import StepProgressTqdm

__all__ = [
    "Asset",
    "AssetNotFound",
    "AssetType",
    "Dataset",
    "Explainer",
    "FlowNotFound",
    "FlowRun",
    "InputNotFound",
    "Model",
    "NotPermitted",
    "NotStorable",
    "NotTrusted",
    "PredictException",
    "Schema",
    "StepMissing",
    "StepProgressTqdm",
    "StoreInterface",
    "Superseded",
    "appoint",
    "attempt",
    "code_of",
    "declare_flow",
    "delete_flow",
    "dismiss",
    "find_place",
    "join",
    "leave",
    "open_place",
    "reuse",
    "run_flow",
    "use_store",
]
