"""A model: an estimator as an asset, that can be called as if it were the estimator."""

import time
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, ClassVar

from nacre_adapters.flowstore.assets.asset import Asset
from nacre_adapters.flowstore.assets.types import AssetType

_SIMPLE = (bool, int, float, str, type(None))


class Model(Asset):
    """An estimator. What the asset does not have is looked up in the estimator.

    How long its methods take is noted, and saved with the asset.
    """

    class_name: ClassVar[str] = "model"

    def __init__(  # noqa: PLR0917 - the interface has them in this order
        self,
        model: object,
        label: str,
        metadata: Mapping[str, object] | None = None,
        name: str | None = None,
        description: str | None = None,
        version: object = None,
        **kwargs: object,
    ) -> None:
        super().__init__(
            model, label, AssetType.MODEL, metadata, name, description, version, **kwargs
        )
        self.update_model_notes()

    def update_model_notes(self) -> None:
        """Note the hyper-parameters of the estimator, where it tells them."""
        get_params = getattr(type(self.object), "get_params", None)
        if get_params is None:
            return
        found = get_params(self.object)
        simple = {name: value for name, value in found.items() if isinstance(value, _SIMPLE)}
        self.about()["parameters"] = simple

    def get_all_metainfo(self) -> dict[str, object]:
        """Return parameters, times, metadata and notes."""
        names = ("parameters", "times", "metadata", "user_notes", "engineer_notes")
        return {name: self._part(name) for name in names}

    def get_time(self, method: str) -> list[float]:
        """Return how many seconds each call of a method took."""
        found = self._part("times").get(method, [])
        assert isinstance(found, list)
        return list(found)

    def get_recent_time(self, method: str) -> float | None:
        """Return how many seconds the last call of a method took; None when it was not called."""
        times = self.get_time(method)
        return times[-1] if times else None

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the estimator has
        # Not while it is being made, nor for protocols that the asset itself does not follow.
        if name.startswith("_") or "_load" not in self.__dict__:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        found = getattr(self.object, name)
        return self._timed(name, found) if callable(found) else found

    def _timed(self, name: str, method: Callable[..., object]) -> Callable[..., object]:
        @wraps(method)
        def timed(*args: object, **kwargs: object) -> object:
            start = time.perf_counter()
            try:
                return method(*args, **kwargs)
            finally:
                times = self._part("times").setdefault(name, [])
                assert isinstance(times, list)
                times.append(time.perf_counter() - start)

        return timed
