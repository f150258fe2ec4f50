"""An explainer: what to explain and with what, kept as settings and links to a model and data."""

from collections.abc import Mapping
from typing import ClassVar

from nacre_adapters.flowstore.assets.asset import Asset
from nacre_adapters.flowstore.assets.types import AssetType


class Explainer(Asset):
    """Settings of an explanation, linked with the model and the data that it is about.

    Nothing is computed here; the settings say what your own code needs to compute it again.
    """

    class_name: ClassVar[str] = "explainer"

    def __init__(  # noqa: PLR0913, PLR0917 - the interface has them in this order
        self,
        model: Asset | None,
        training_data: Asset | None,
        mode: str,
        label: str,
        name: str | None = None,
        metadata: Mapping[str, object] | None = None,
        description: str | None = None,
        version: object = None,
        use_shap: bool = True,
        use_lime: bool = True,
        **kwargs: object,
    ) -> None:
        settings = {"mode": mode, "use_shap": use_shap, "use_lime": use_lime, **kwargs}
        super().__init__(settings, label, AssetType.EXPLAINER, metadata, name, description, version)
        if model is not None:
            self.link_asset("model", model)
        if training_data is not None:
            self.link_asset("training_data", training_data)

    @property
    def mode(self) -> object:
        """What the model does: "classification" or "regression"."""
        settings = self.object
        return settings.get("mode") if isinstance(settings, dict) else None
