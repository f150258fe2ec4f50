"""Every method of the original has its parameters, in its order, with its defaults."""

import inspect

import pytest

from nacre_adapters.flowstore import StoreInterface

_REQUIRED = inspect.Parameter.empty

# Parameters and defaults of the oldest form of the interface that is known.
CONTRACT: dict[str, list[tuple[str, object]]] = {
    "__init__": [
        ("flow_id", _REQUIRED),
        ("user", None),
        ("step_name", None),
        ("is_action", False),
        ("bucket_name", None),
    ],
    "create_future_element": [("elem", _REQUIRED), ("future_step_name", _REQUIRED)],
    "db_to_pandas": [("query", _REQUIRED), ("conn_name", _REQUIRED), ("connection_owner", None)],
    "get_asset": [
        ("label", None),
        ("type", None),
        ("name", None),
        ("time_created", None),
        ("asset_id", None),
    ],
    "get_asset_by_id": [("asset_id", _REQUIRED)],
    "get_assets": [("label", None), ("type", None), ("name", None), ("asset_id", None)],
    "get_boto3_s3_client_from_connection_store": [("connection_id", _REQUIRED)],
    "get_current_step_user_input": [("data_source_title", _REQUIRED)],
    "get_dataset": [("label", None), ("name", None)],
    "get_element": [("step_name", _REQUIRED), ("elem_title", _REQUIRED), ("quiet", False)],
    "get_element_by_id": [("step_name", _REQUIRED), ("elem_id", _REQUIRED)],
    "get_element_value": [("step_name", _REQUIRED), ("elem_title", _REQUIRED), ("quiet", False)],
    "get_explainer": [("label", None), ("name", None)],
    "get_flow_status": [],
    "get_input": [("name", _REQUIRED), ("step_name", None)],
    "get_model": [("label", None), ("name", None)],
    "get_page": [("_out_link", None)],
    "get_previous_step_name": [],
    "get_raw_data_source_data": [
        ("step_name", None),
        ("element_id", None),
        ("element_title", None),
    ],
    "get_s3_asset": [("path", _REQUIRED)],
    "get_schema": [("label", None), ("name", None)],
    "has_input": [("name", _REQUIRED)],
    "list_fixture_data": [("prefix", None)],
    "pandas_to_db": [
        ("_df", _REQUIRED),
        ("table", _REQUIRED),
        ("conn_name", _REQUIRED),
        ("connection_owner", None),
        ("if_exists", "fail"),
    ],
    "save_asset": [("asset", _REQUIRED), ("overwrite", False), ("asset_id", None)],
    "save_output": [("data", _REQUIRED), ("name", _REQUIRED)],
    "str_2_connection_type": [("list_connection_type", _REQUIRED)],
    "update_page": [("page", _REQUIRED)],
    "update_progress": [
        ("completion", _REQUIRED),
        ("message", _REQUIRED),
        ("page_update", False),
    ],
}
_WITH_KEYWORDS = ("db_to_pandas", "pandas_to_db", "get_boto3_s3_client_from_connection_store")
_POSITIONAL = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.POSITIONAL_ONLY)


@pytest.mark.parametrize("name", CONTRACT)
def test_a_method_is_called_as_the_original_is(name: str) -> None:
    found = inspect.signature(getattr(StoreInterface("1"), name))

    given = [
        (each.name, each.default) for each in found.parameters.values() if each.kind in _POSITIONAL
    ]
    kinds = {each.kind for each in found.parameters.values()}

    assert given == CONTRACT[name]
    assert (inspect.Parameter.VAR_KEYWORD in kinds) == (name in _WITH_KEYWORDS)


def test_statics_are_called_on_the_class() -> None:
    assert StoreInterface.str_2_connection_type(["s3"])
    assert isinstance(StoreInterface.list_fixture_data(), list)
