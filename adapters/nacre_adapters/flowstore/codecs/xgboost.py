"""xgboost's models in its own binary JSON, with the parameters that it leaves out."""

import xgboost as xgb

from nacre.errors import CorruptionError
from nacre_adapters.flowstore.codecs.errors import Refused
from nacre_adapters.flowstore.codecs.nodes import Codec, Decoder, Encoder, Parts
from nacre_adapters.flowstore.codecs.xgboost_check import check

_BOOSTER = "Booster"
_WRAPPERS = {
    kind.__name__: kind
    for kind in (
        xgb.XGBClassifier,
        xgb.XGBRegressor,
        xgb.XGBRanker,
        xgb.XGBRFClassifier,
        xgb.XGBRFRegressor,
    )
}
_FITTED = ("n_classes_",)


def _takes(value: object) -> bool:
    return type(value) is xgb.Booster or type(value) in _WRAPPERS.values()


def _encode(value: object, encoder: Encoder) -> Parts:
    if isinstance(value, xgb.Booster):
        return [_BOOSTER, _raw(value, encoder)]
    assert isinstance(value, xgb.XGBModel)
    booster = getattr(value, "_Booster", None)
    fitted = {name: vars(value)[name] for name in _FITTED if name in vars(value)}
    try:
        state = [encoder.encode(value.get_params(deep=False)), encoder.encode(fitted)]
    except Refused as error:
        raise error.at(".get_params()") from error
    return [type(value).__name__, None if booster is None else _raw(booster, encoder), *state]


def _raw(booster: xgb.Booster, encoder: Encoder) -> object:
    raw = bytes(booster.save_raw("ubj"))
    try:
        check(raw)
    except ValueError as error:
        raise Refused(f"{error}, so it would not be read again") from error
    return encoder.content(raw)


def _decode(parts: Parts, decoder: Decoder) -> object:
    name, raw, *state = parts
    booster = None if raw is None else _booster(raw, decoder)
    if name == _BOOSTER:
        return booster
    kind = _WRAPPERS.get(name) if isinstance(name, str) else None
    params, fitted = (decoder.decode(node) for node in state)
    if kind is None or not isinstance(params, dict) or not isinstance(fitted, dict):
        raise CorruptionError(f"a stored model {name!r:.40} is none of xgboost")
    model: object = kind(**params)
    if booster is not None:
        model._Booster = booster  # type: ignore[attr-defined]  # load_model would lose parameters
    for each in _FITTED:
        if each in fitted:
            setattr(model, each, fitted[each])
    return model


def _booster(raw: object, decoder: Decoder) -> xgb.Booster:
    content = bytes(decoder.content(raw))
    try:
        check(content)
        return xgb.Booster(model_file=bytearray(content))
    except (xgb.core.XGBoostError, ValueError) as error:
        raise CorruptionError(f"a stored model is none of xgboost: {error!s:.200}") from error


CODECS = (Codec("xgboost", _encode, _decode, _takes),)
