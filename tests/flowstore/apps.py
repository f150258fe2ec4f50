"""Apps for the tests of pages, written as their authors would."""

import numpy as np
import pandas as pd

from nacre_adapters.flowstore import StoreInterface
from nacre_adapters.flowstore.pages import (
    App,
    Card,
    CustomEvent,
    DataSource,
    Dropdown,
    NumericRange,
    Page,
    RichText,
    Section,
    Step,
    StepType,
    Table,
    TextInput,
)


class Upload(Step):
    def run(self, flow_metadata):
        store_interface = StoreInterface(**flow_metadata)
        store_interface.update_progress(10, "making the page")
        page = store_interface.get_page()
        card = Card(title="Data", content=[DataSource(title="Dataset", options=["csv"])])
        page.add_card_to_section(card, "")
        store_interface.update_page(page)


class Results(Step):
    def run(self, flow_metadata):
        store_interface = StoreInterface(**flow_metadata)
        data = store_interface.get_element_value("Upload", "Dataset")
        by_origin = data.groupby("origin")["dep_delay"].mean().reset_index()
        store_interface.save_output(by_origin, "delays")
        page = store_interface.get_page()
        page.add_content_to_section([Table(by_origin, title="Delays")], "", "By origin")
        store_interface.update_page(page)


def upload_app() -> App:
    first = Upload("Upload a file", page=Page("Upload", [Section("", [])]))
    second = Results("Look", type=StepType.RESULTS, page=Page("Results", [Section("", [])]))
    return App("Delays", "How late they leave").chain([first, second])


class Choose(Step):
    def run(self, flow_metadata):
        store = StoreInterface(**flow_metadata)
        store.save_output({"runs": 1}, "facts")

    def action_override(self, flow_metadata):
        store = StoreInterface(**flow_metadata)
        assert flow_metadata["is_action"]
        count = store.get_element_value(store.step_name, "Count")
        store.save_output(np.arange(count["max"]), "numbers")


class Sum(Step):
    def run(self, flow_metadata):
        store = StoreInterface(**flow_metadata)
        store.save_output(int(store.get_input("numbers").sum()), "sum")


def update(store_interface):
    page = store_interface.get_page()
    size = store_interface.get_element_value(store_interface.step_name, "Size")
    page.replace_content_in_section([RichText(f"size {size}")], "Choices", "Shown")
    page.get_card_by_title("Choices").disable_next = False
    store_interface.update_page(page)


async def pressed(flow_metadata):
    StoreInterface(**flow_metadata).save_output("yes", "pressed")
    return 7


def choice_page() -> Page:
    elements = [
        Dropdown(["small", "large"], "Size", selected="small"),
        NumericRange(0, 10, "Count", reference_id="count"),
        TextInput("nothing", "Name"),
        CustomEvent("Press me", callback=pressed),
    ]
    card = Card("Choices", elements, updater=update, disable_next=True)
    return Page("Choose", [Section("Choices", [card])])


def choice_app() -> App:
    first = Choose("Choose it", page=choice_page(), overrides_action=True)
    return App("Choices").chain([first, Sum("Add up")])


FLIGHTS = pd.DataFrame({"origin": ["JFK", "LGA", "JFK"], "dep_delay": [10.0, 2.0, 20.0]})
