"""lightgbm's models in its own text, with the parameters of the estimator around them."""

import collections

import lightgbm as lgb
from sklearn.preprocessing import LabelEncoder

from nacre.errors import CorruptionError
from nacre_adapters.flowstore.codecs.errors import Refused
from nacre_adapters.flowstore.codecs.lightgbm_check import check
from nacre_adapters.flowstore.codecs.nodes import Codec, Decoder, Encoder, Node, Parts

_BOOSTER = "Booster"
_WRAPPERS = {
    kind.__name__: kind for kind in (lgb.LGBMClassifier, lgb.LGBMRegressor, lgb.LGBMRanker)
}
_FITTED = (
    "_best_iteration",
    "_class_map",
    "_class_weight",
    "_classes",
    "_evals_result",
    "_fitted_with_feature_names",
    "_n_classes",
    "_n_features",
    "_n_features_in",
    "_objective",
    "fitted_",
)


def _takes(value: object) -> bool:
    return type(value) is lgb.Booster or type(value) in _WRAPPERS.values()


def _encode(value: object, encoder: Encoder) -> Parts:
    if isinstance(value, lgb.Booster):
        return [_BOOSTER, _raw(value, encoder)]
    assert isinstance(value, lgb.LGBMModel)
    booster = getattr(value, "_Booster", None)
    fitted = {name: vars(value)[name] for name in _FITTED if name in vars(value)}
    scores = {name: dict(each) for name, each in vars(value).get("_best_score", {}).items()}
    try:
        state = [encoder.encode(part) for part in (value.get_params(deep=False), fitted, scores)]
    except Refused as error:
        raise error.at(".get_params()") from error
    return [type(value).__name__, None if booster is None else _raw(booster, encoder), *state]


def _raw(booster: lgb.Booster, encoder: Encoder) -> Node:
    text: str = booster.model_to_string(num_iteration=-1)
    try:
        check(text)
    except ValueError as error:
        raise Refused(f"{error}, so it would not be read again") from error
    return [encoder.content(text.encode()), encoder.encode(int(booster.best_iteration))]


def _decode(parts: Parts, decoder: Decoder) -> object:
    name, raw, *state = parts
    booster = None if raw is None else _booster(raw, decoder)
    if name == _BOOSTER:
        return booster
    kind = _WRAPPERS.get(name) if isinstance(name, str) else None
    params, fitted, scores = (decoder.decode(node) for node in state)
    if kind is None or not all(isinstance(each, dict) for each in (params, fitted, scores)):
        raise CorruptionError(f"a stored model {name!r:.40} is none of lightgbm")
    model: object = kind(**params)  # type: ignore[arg-type]  # a dict, as was checked
    _restore(model, booster, fitted, scores)  # type: ignore[arg-type]  # as above
    return model


def _restore(
    model: object,
    booster: lgb.Booster | None,
    fitted: dict[str, object],
    scores: dict[str, dict[str, float]],
) -> None:
    state = vars(model)
    state.update({name: fitted[name] for name in _FITTED if name in fitted})
    state["_best_score"] = collections.defaultdict(collections.OrderedDict)
    for name, each in scores.items():
        state["_best_score"][name] = collections.OrderedDict(each)
    if booster is not None:
        state["_Booster"] = booster
    if fitted.get("_classes") is not None:
        state["_le"] = LabelEncoder().fit(fitted["_classes"])


def _booster(raw: object, decoder: Decoder) -> lgb.Booster:
    match raw:
        case [content, int() as best]:
            pass
        case _:
            raise CorruptionError("a stored model has no text of lightgbm")
    try:
        text = str(decoder.content(content), "utf-8")
        check(text)
        booster = lgb.Booster(model_str=text)
    except (lgb.basic.LightGBMError, ValueError) as error:
        raise CorruptionError(f"a stored model is none of lightgbm: {error!s:.200}") from error
    booster.best_iteration = best
    return booster


CODECS = (Codec("lightgbm", _encode, _decode, _takes),)
