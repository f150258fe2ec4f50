"""Objects of libraries: boosters, sparse arrays, figures, images, tensors."""

import json
import sys
import warnings

import numpy as np
import pytest
from frames.payloads import CountingPayloads

from nacre.errors import CorruptionError
from nacre_adapters.flowstore.codecs import (
    Codecs,
    Encoded,
    Limits,
    NotStorable,
    PackageMissing,
    Picture,
)

pytestmark = pytest.mark.filterwarnings("ignore")

RANDOM = np.random.RandomState(0)
X = RANDOM.rand(80, 4)
Y = (X[:, 0] > 0.5).astype(int)


@pytest.fixture
def codecs() -> Codecs:
    return Codecs(CountingPayloads())


def odd(tag: str, *parts: object) -> Encoded:
    return Encoded(content={tag: list(parts)}, identity="", size_bytes=0, type="x")


SPARSE = ["csr_array", "csc_array", "bsr_array", "coo_array", "dia_array", "csr_matrix"]


@pytest.mark.parametrize("name", SPARSE)
def test_a_sparse_array_comes_back(name: str, codecs: Codecs) -> None:
    scipy_sparse = pytest.importorskip("scipy.sparse")
    value = getattr(scipy_sparse, name)(np.diag([1.0, 0, 3]))

    back = codecs.decode(codecs.encode(value))

    assert type(back) is type(value)
    assert (back.toarray() == value.toarray()).all()


def test_a_sparse_array_that_points_outside_is_refused(codecs: Codecs) -> None:
    pytest.importorskip("scipy.sparse")
    arrays = [np.ones(1), np.array([99], "i4"), np.array([0, 1, 1], "i4")]
    nodes = [codecs.encode(each).content for each in arrays]

    with pytest.raises(CorruptionError):
        codecs.decode(odd("sparse", "csr_array", [2, 2], *nodes))


@pytest.mark.parametrize("kind", ["XGBClassifier", "XGBRegressor", "XGBRFClassifier"])
def test_an_xgboost_model_keeps_its_parameters(kind: str, codecs: Codecs) -> None:
    xgb = pytest.importorskip("xgboost")
    model = getattr(xgb, kind)(n_estimators=5, max_depth=2, missing=-1.0).fit(X, Y)

    stored = codecs.encode({"model": model})
    back = codecs.decode(stored)["model"]

    assert back.get_params() == model.get_params()
    assert np.array_equal(back.predict(X), model.predict(X))
    assert codecs.encode({"model": back}).identity == stored.identity


def test_an_xgboost_booster_and_a_model_not_fitted(codecs: Codecs) -> None:
    xgb = pytest.importorskip("xgboost")
    booster = xgb.train({"max_depth": 2}, xgb.DMatrix(X, Y), 3)

    back, fresh = codecs.decode(codecs.encode([booster, xgb.XGBRegressor(n_estimators=7)]))

    assert np.array_equal(back.predict(xgb.DMatrix(X)), booster.predict(xgb.DMatrix(X)))
    assert fresh.n_estimators == 7


def test_an_xgboost_model_in_a_pipeline(codecs: Codecs) -> None:
    xgb = pytest.importorskip("xgboost")
    pipeline = pytest.importorskip("sklearn.pipeline").make_pipeline(
        pytest.importorskip("sklearn.preprocessing").StandardScaler(),
        xgb.XGBClassifier(n_estimators=3),
    )
    pipeline.fit(X, Y)

    back = codecs.decode(codecs.encode(pipeline))

    assert np.array_equal(back.predict(X), pipeline.predict(X))


@pytest.mark.parametrize("kind", ["LGBMClassifier", "LGBMRegressor"])
def test_a_lightgbm_model_keeps_its_parameters(kind: str, codecs: Codecs) -> None:
    lgb = pytest.importorskip("lightgbm")
    model = getattr(lgb, kind)(n_estimators=5, min_child_samples=3, verbose=-1)
    model.fit(X, Y, eval_set=[(X, Y)])

    stored = codecs.encode(model)
    back = codecs.decode(stored)

    assert back.get_params() == model.get_params()
    assert np.array_equal(back.predict(X), model.predict(X))
    assert back.best_score_ == model.best_score_
    assert codecs.encode(back).identity == stored.identity


def test_a_lightgbm_classifier_keeps_its_labels(codecs: Codecs) -> None:
    lgb = pytest.importorskip("lightgbm")
    labels = np.array(["no", "yes"])[Y]
    model = lgb.LGBMClassifier(n_estimators=2, min_child_samples=3, verbose=-1).fit(X, labels)

    back = codecs.decode(codecs.encode(model))

    assert np.array_equal(back.predict(X), model.predict(X))


def test_an_odd_booster_is_refused(codecs: Codecs) -> None:
    pytest.importorskip("xgboost")
    pytest.importorskip("lightgbm")
    for node in (
        odd("xgboost", "Booster", b"noise"),
        odd("xgboost", "os.system", b"{}", {"dict": []}, {"dict": []}),
        odd("lightgbm", "Booster", [b"tree\nnoise", 0]),
        odd("lightgbm", "Booster", b"noise"),
        odd("lightgbm", "Popen", None, {"dict": []}, {"dict": []}, {"dict": []}),
    ):
        with pytest.raises(CorruptionError):
            codecs.decode(node)


def test_a_tensor_comes_back(codecs: Codecs) -> None:
    torch = pytest.importorskip("torch")
    module = torch.nn.Linear(2, 3)

    back = codecs.decode(codecs.encode({"state": module.state_dict()}))

    module.load_state_dict(back["state"])
    with pytest.raises(NotStorable, match="state_dict"):
        codecs.encode(module)


def header(**tensors: object) -> bytes:
    text = json.dumps(tensors).encode()
    return len(text).to_bytes(8, "little") + text + bytes(80)


TENSORS = {
    "offsets outside": header(tensor={"dtype": "F32", "shape": [20], "data_offsets": [0, 800]}),
    "offsets in reverse": header(tensor={"dtype": "F32", "shape": [20], "data_offsets": [80, 0]}),
    "a hole": header(tensor={"dtype": "F32", "shape": [10], "data_offsets": [40, 80]}),
    "a shape that overflows": header(
        tensor={"dtype": "F32", "shape": [1 << 63, 4], "data_offsets": [0, 80]}
    ),
    "another type": header(tensor={"dtype": "O", "shape": [20], "data_offsets": [0, 80]}),
    "another name": header(other={"dtype": "F32", "shape": [20], "data_offsets": [0, 80]}),
    "two": header(
        tensor={"dtype": "F32", "shape": [10], "data_offsets": [0, 40]},
        other={"dtype": "F32", "shape": [10], "data_offsets": [40, 80]},
    ),
    "a header without end": (1 << 60).to_bytes(8, "little") + bytes(80),
    "nothing": b"",
}


@pytest.mark.parametrize("data", TENSORS.values(), ids=TENSORS.keys())
def test_a_hostile_tensor_is_refused(data: bytes, codecs: Codecs) -> None:
    pytest.importorskip("torch")
    with pytest.raises(CorruptionError):
        codecs.decode(odd("tensor", data))


@pytest.mark.parametrize("of", ["complex128", "meta", "sparse", "gradient", "nested"])
def test_an_odd_tensor_is_refused(of: str, codecs: Codecs) -> None:
    torch = pytest.importorskip("torch")
    value = {
        "complex128": lambda: torch.ones(2, dtype=torch.complex128),
        "meta": lambda: torch.ones(2, device="meta"),
        "sparse": lambda: torch.eye(3).to_sparse_csr(),
        "gradient": lambda: torch.ones(2, requires_grad=True),
        "nested": lambda: torch.nested.nested_tensor([torch.ones(2), torch.ones(3)]),
    }[of]()

    with pytest.raises(NotStorable, match=r"^data\['x'\]: a tensor"):
        codecs.encode({"x": value})


def test_a_plotly_figure_comes_back(codecs: Codecs) -> None:
    go = pytest.importorskip("plotly.graph_objects")
    figure = go.Figure(go.Scatter(x=[1, 2], y=np.array([1.5, 2.5])), {"title": {"text": "<b>"}})

    stored = codecs.encode([figure])
    back = codecs.decode(stored)[0]

    assert back == figure
    assert codecs.encode([back]).identity == stored.identity
    with pytest.raises(CorruptionError):
        codecs.decode(odd("plotly", b'{"data": [{"type": "no such trace"}]}'))


def test_a_matplotlib_figure_comes_back_as_what_it_looked_like(codecs: Codecs) -> None:
    figure = pytest.importorskip("matplotlib.figure").Figure(figsize=(2, 1))
    figure.subplots().plot([1, 2, 3])

    back = codecs.decode(codecs.encode(figure))

    assert isinstance(back, Picture)
    assert back.content.startswith(b"\x89PNG")
    assert codecs.decode(codecs.encode(back)) == back


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_an_image_comes_back_exactly(mode: str, codecs: Codecs) -> None:
    images = pytest.importorskip("PIL.Image")
    colors = images.effect_noise((20, 10), 80)
    value = colors.convert("RGB").convert(mode) if mode != "I;16" else images.new(mode, (4, 4), 999)

    back = codecs.decode(codecs.encode(value))

    assert (back.mode, back.size, back.tobytes()) == (value.mode, value.size, value.tobytes())


def test_an_image_that_png_cannot_hold_is_refused(codecs: Codecs) -> None:
    images = pytest.importorskip("PIL.Image")
    with pytest.raises(NotStorable, match="no mode CMYK"):
        codecs.encode(images.new("CMYK", (2, 2)))


def test_the_limits_of_images_hold_for_writing_and_for_all_of_them() -> None:
    images = pytest.importorskip("PIL.Image")
    payloads = CountingPayloads()
    stored = Codecs(payloads).encode([images.new("L", (200, 200))] * 10)

    with pytest.raises(NotStorable, match=r"^data: an image of 200 by 200 pixels"):
        Codecs(payloads, limits=Limits(pixels=100)).encode(images.new("L", (200, 200)))
    with pytest.raises(CorruptionError, match="more than 300,000 bytes"):
        Codecs(payloads, limits=Limits(size_bytes=300_000)).decode(stored)
    with pytest.raises(NotStorable, match="PNG cannot hold"):
        Codecs(payloads).encode(images.new("L", (0, 0)))


def test_a_large_image_is_written_without_a_warning(codecs: Codecs) -> None:
    images = pytest.importorskip("PIL.Image")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        stored = codecs.encode(images.new("1", (10_000, 9_000)))

    assert stored.type == "PIL.Image.Image"


def test_a_figure_that_is_no_json_is_refused(codecs: Codecs) -> None:
    go = pytest.importorskip("plotly.graph_objects")
    with pytest.raises(NotStorable, match="no JSON"):
        codecs.encode(go.Figure(go.Scatter(y=[object()])))


def test_an_image_of_a_trillion_pixels_is_refused(codecs: Codecs) -> None:
    pytest.importorskip("PIL.Image")
    header = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + (1 << 20).to_bytes(4, "big") * 2 + b"\1\0\0\0\0"

    with pytest.raises(CorruptionError):
        codecs.decode(odd("image", header + b"\0\0\0\0"))


def test_a_missing_package_is_named(codecs: Codecs, monkeypatch: pytest.MonkeyPatch) -> None:
    module = "nacre_adapters.flowstore.codecs.plotly"
    monkeypatch.delitem(sys.modules, module, raising=False)
    monkeypatch.setitem(sys.modules, "plotly", None)

    with pytest.raises(PackageMissing, match=r"pip install 'nacre\[plotly\]'") as caught:
        codecs.decode(odd("plotly", b"{}"))

    assert isinstance(caught.value, ImportError)
