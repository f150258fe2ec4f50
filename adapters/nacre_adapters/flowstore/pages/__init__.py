"""Apps of steps, the pages that they show, and runs of them without a server."""

from nacre_adapters.flowstore.pages.apps import App, Flow, InvalidStep, Step, StepType
from nacre_adapters.flowstore.pages.choices import (
    AssetSelection,
    DataSourceDropdown,
    Dropdown,
    MultiDropdown,
    SingleDropdown,
)
from nacre_adapters.flowstore.pages.elements import (
    Element,
    Image,
    Plot,
    PlotlyPlot,
    RichText,
    Table,
)
from nacre_adapters.flowstore.pages.errors import (
    CardNotFoundException,
    ElementNotFound,
    InvalidPage,
    NextDisabled,
    UploadNotFound,
)
from nacre_adapters.flowstore.pages.inputs import (
    CustomEvent,
    DataSource,
    DateTimeRange,
    InputElement,
    NumericRange,
    NumericRangeSlider,
    NumericSlider,
    TextInput,
)
from nacre_adapters.flowstore.pages.layout import Card, Column, Page, Row, Section

__all__ = [
    "App",
    "AssetSelection",
    "Card",
    "CardNotFoundException",
    "Column",
    "CustomEvent",
    "DataSource",
    "DataSourceDropdown",
    "DateTimeRange",
    "Dropdown",
    "Element",
    "ElementNotFound",
    "Flow",
    "Image",
    "InputElement",
    "InvalidPage",
    "InvalidStep",
    "MultiDropdown",
    "NextDisabled",
    "NumericRange",
    "NumericRangeSlider",
    "NumericSlider",
    "Page",
    "Plot",
    "PlotlyPlot",
    "RichText",
    "Row",
    "Section",
    "SingleDropdown",
    "Step",
    "StepType",
    "Table",
    "TextInput",
    "UploadNotFound",
]
