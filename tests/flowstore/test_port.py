"""A flow as its documentation writes it, unchanged but for the import, each step in a process."""

import os
import signal
from io import BytesIO
from pathlib import Path

import pandas as pd
import pytest

import nacre
from nacre_adapters.flowstore import (
    Asset,
    AssetType,
    Dataset,
    FlowRun,
    Model,
    Schema,
    StepProgressTqdm,
    StoreInterface,
    use_store,
)
from nacre_adapters.flowstore.pages import (
    App,
    Card,
    DataSource,
    Dropdown,
    Page,
    RichText,
    Section,
    Step,
    StepType,
    Table,
)

linear_model = pytest.importorskip("sklearn.linear_model")


class DataUpload(Step):
    def run(self, flow_metadata):
        store_interface = StoreInterface(**flow_metadata)
        page = store_interface.get_page()
        store_interface.update_progress(10, "Creating the page")
        elements = [
            DataSource(title="Dataset", options=["csv"]),
            Dropdown(["ridge", "plain"], title="Kind", selected="plain"),
        ]
        page.add_card_to_section(Card("Upload", elements), "")
        store_interface.update_page(page)


class Prepare(Step):
    def run(self, flow_metadata):
        store_interface = StoreInterface(**flow_metadata)
        df = store_interface.get_element_value("DataUpload", "Dataset")
        raw = store_interface.get_raw_data_source_data("DataUpload", element_title="Dataset")
        assert raw.read().startswith(b"carrier,")
        for name, data in {
            "clean": df.dropna(),
            "delays": df["delay"],
            "settings": {"kind": store_interface.get_element_value("DataUpload", "Kind")},
            "count": len(df),
            "mean": 2.5,
            "report": BytesIO(b"%PDF"),
        }.items():
            store_interface.save_output(data, name)
        data = Dataset(df.dropna(), "flights", name="train", predict_cols=["delay"])
        schema = Schema(data.object.dtypes, label="flights")
        schema.link_asset("made of", data)
        store_interface.save_asset(data)
        store_interface.save_asset(schema)


class Train(Step):
    def run(self, flow_metadata):
        store_interface = StoreInterface(**flow_metadata)
        assert store_interface.has_input("clean")
        assert not store_interface.has_input("cleaned")
        clean = store_interface.get_input("clean")
        assert store_interface.get_schema(label="flights").validate(clean)
        assert store_interface.get_input("settings", "Prepare") == {"kind": "ridge"}
        assert store_interface.get_input("report").getvalue() == b"%PDF"
        data = store_interface.get_dataset(label="flights", name="train")
        x = data.get_as_encoding("one_hot").drop(columns="delay")
        for _ in StepProgressTqdm(flow_metadata, range(100), desc="training"):
            pass
        model = Model(linear_model.Ridge(alpha=0.5), label="delays", name="ridge")
        model.fit(x, data.object["delay"])
        model.add_user_notes("for the board")
        store_interface.save_asset(model)

    def action_override(self, flow_metadata):
        store_interface = StoreInterface(**flow_metadata)
        store_interface.save_output("agreed", "verdict")


class Show(Step):
    def run(self, flow_metadata):
        store_interface = StoreInterface(**flow_metadata)
        assert store_interface.get_previous_step_name() == "Train"
        model = store_interface.get_model(label="delays")
        asset_info = {"label": "flights", "type": AssetType.DATASET}
        data = store_interface.get_asset(**asset_info)
        guess = model.predict(data.get_as_encoding("one_hot").drop(columns="delay"))
        page = store_interface.get_page()
        content = [Table(data.get_object(), title="Flights"), RichText(f"{guess.mean():.1f}")]
        page.add_content_to_section(content, "", "Result")
        store_interface.update_page(page)
        found = {"verdict": store_interface.get_input("verdict"), "guess": float(guess.mean())}
        store_interface.save_asset(Asset(found, "result", AssetType.OTHER), overwrite=True)


def delays_app() -> App:
    kinds = [
        (DataUpload, StepType.INPUT),
        (Prepare, StepType.DATA_LAB),
        (Train, StepType.DATA_LAB),
        (Show, StepType.RESULTS),
    ]
    steps = [
        kind(kind.__name__, type=type_, page=Page(kind.__name__, [Section("", [])]))
        for kind, type_ in kinds
    ]
    steps[2].overrides_action = True
    return App("Delays", "How late they are").chain(steps)


def in_process(vault: Path, step: str, **entered: object) -> None:
    """Do one step where nothing is shared but the vault."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            with use_store(vault):
                run = FlowRun(delays_app(), flow_id="flow-1", user="ana")
                run.run(step)
                for title, value in entered.items():
                    run.enter(step, title, value)
                run.next(step)
                code = 0
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


@pytest.fixture
def csv(tmp_path: Path) -> Path:
    path = tmp_path / "flights.csv"
    rows = {"carrier": ["AA", "UA", "AA", "B6"], "delay": [1.0, 5.0, 3.0, None]}
    pd.DataFrame({**rows, "miles": [10, 20, 30, 40]}).to_csv(path, index=False)
    return path


def test_a_flow_runs_unchanged_one_process_a_step(tmp_path: Path, csv: Path) -> None:
    vault = tmp_path / "flows.vault"

    in_process(vault, "DataUpload", Dataset=str(csv), Kind="ridge")
    for step in ("Prepare", "Train", "Show"):
        in_process(vault, step)

    with use_store(vault) as opened:
        store = StoreInterface("flow-1", user="ana")
        assert store.get_flow_status()["status"] == "complete"
        found = store.get_asset("result").object
        assert found == {"verdict": "agreed", "guess": pytest.approx(3.0)}
        assert store.get_model("delays").user_notes == {"log": ["for the board"]}
        assert store.get_element("Show", "Flights").get_df().shape == (3, 3)
        made_from = store.assets.lineage(store.get_asset("result")).things
        assert {thing[0] for thing in made_from} >= {"asset", "output", "upload", "value"}
        assert store.assets.making(store.get_asset("result")).packages["sklearn"]
        assert opened.verify().is_clean
        assert opened.replay().is_equal


def test_a_step_that_is_killed_is_run_again_by_another_process(tmp_path: Path, csv: Path) -> None:
    vault = tmp_path / "flows.vault"
    in_process(vault, "DataUpload", Dataset=str(csv), Kind="ridge")
    in_process(vault, "Prepare")
    child = os.fork()
    if child == 0:
        with use_store(vault):
            run = FlowRun(delays_app(), flow_id="flow-1", user="ana")
            train = run.app.find("Train")
            train.run = lambda flow_metadata: (  # type: ignore[method-assign]
                Train.run(train, flow_metadata),
                os.kill(os.getpid(), signal.SIGKILL),
            )
            run.run("Train")
    assert os.WTERMSIG(os.waitpid(child, 0)[1]) == signal.SIGKILL

    in_process(vault, "Train")
    in_process(vault, "Show")

    with nacre.open(vault) as opened:
        store = StoreInterface("flow-1", user="ana", store=opened)
        train = store.get_flow_status()["steps"][2]
        assert (train["status"], train["attempt"]) == ("complete", 3)  # killed, run, action
        assert len(store.get_assets("delays")) == 2  # assets are kept: the killed one's too
        assert opened.verify().is_clean
