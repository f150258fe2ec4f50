"""`StoreInterface`: what a step of a flow calls. Everything it does is in the modules it names."""

from datetime import datetime
from io import BytesIO
from typing import Any

import pandas as pd

from nacre.errors import InvalidInput
from nacre_adapters.flowstore import outputs, status
from nacre_adapters.flowstore.ambient import AmbientMethod, OfStore
from nacre_adapters.flowstore.assets import Asset, AssetType, Dataset, Explainer, Model, Schema
from nacre_adapters.flowstore.assets.catalog import Query
from nacre_adapters.flowstore.assets.shelf import Shelf
from nacre_adapters.flowstore.assets.types import When, check_method
from nacre_adapters.flowstore.connections import Connections, calls, str_2_connection_type
from nacre_adapters.flowstore.pages import calls as screen
from nacre_adapters.flowstore.pages.elements import Element
from nacre_adapters.flowstore.pages.layout import Page
from nacre_adapters.flowstore.place import Place, Store
from nacre_adapters.flowstore.progress import checked
from nacre_adapters.flowstore.records import Where
from nacre_adapters.flowstore.scope import Scope


class StoreInterface:
    """Outputs, assets, pages and connections of one step of one flow.

    Making one does nothing; the store is opened at the first call. A flow that nobody declared is
    made by the first thing that is saved in it.
    """

    def __init__(
        self,
        flow_id: str,
        user: str | None = None,
        step_name: str | None = None,
        is_action: bool = False,
        bucket_name: str | None = None,
        *,
        store: Store | None = None,
    ) -> None:
        """Name flow and step; *store* is a path or an open vault.

        Without it: that of `use_store`, of NACRE_FLOWSTORE, or the user's own.
        """
        self.flow_id = flow_id
        self.step_name = step_name
        self.is_action = is_action
        self.bucket_name = bucket_name
        self._scope = Scope(flow_id, step_name, user, store=store)

    # Where it is

    @property
    def place(self) -> Place:
        """The open store."""
        return self._scope.place

    @property
    def user(self) -> str:
        """Who calls: as given, else the owner of the flow, else the user of the process."""
        return self._scope.user

    @property
    def where(self) -> Where:
        """Flow, step, user and attempt, for the modules that this class is made of."""
        return self._scope.where

    @property
    def app_id(self) -> str | None:
        """The app that the flow is a run of."""
        flow = self._scope.flow
        return None if flow is None else flow.app

    @property
    def flow_data(self) -> dict[str, object]:
        """What was said of the flow when it was declared."""
        flow = self._scope.flow
        return {} if flow is None else dict(flow.details)

    # Outputs

    def save_output(self, data: object, name: str, *, trust: str | None = None) -> None:
        """Save something for later steps; the same name again takes its place.

        Raises:
            NotStorable: (a ValueError) it would not come back; the message has the path inside.
        """
        outputs.checked_name(name)
        where = self._scope.at_step("save_output")
        where.reads.secrets.check(data, "data")
        value = self.place.codecs.encode(data, name="data", trust=trust)
        outputs.save(self.place, where, name, value.to_data())

    def get_input(
        self, name: str, step_name: str | None = None, *, trust: str | None = None
    ) -> Any:  # noqa: ANN401 - whatever was saved
        """Return what the nearest step before this one saved, or *step_name*; a new object.

        Raises:
            InputNotFound: (a ValueError) nobody has; the message names what there is.
        """
        found = self._find(outputs.checked_name(name), step_name)
        return self.place.codecs.decode(found.output.value, trust=trust)

    def has_input(self, name: str) -> bool:
        """Tell whether a step before this one has saved something under a name."""
        where = self.where
        with self.place.vault.read():
            has = outputs.has(self.place.flows, where, name)
        where.reads.note({"kind": "has", "name": name, "identity": str(has)})
        return has

    def list_outputs(self, step_name: str | None = None) -> list[outputs.Lazy]:
        """Return what readers see of a step, or of all: lazily, in order of steps and names."""
        self.where.settled()
        with self.place.vault.read():
            return outputs.lazily(self.place, self.flow_id, step_name)

    def _find(self, name: str, step_name: str | None) -> outputs.Found:
        where = self.where
        if step_name is not None or not outputs.has(self.place.flows, where, name):
            where.settled()  # it may be one of this step's own
        with self.place.vault.read():
            found = outputs.find(self.place.flows, where, name, step_name)
        what = {"kind": "output", "flow": self.flow_id, "step": found.step, "name": name}
        output = found.output
        more = {"position": output.position, "identity": output.value["identity"]}
        where.reads.note({**what, **more, "attempt": found.attempt, "asked": step_name})
        return found

    # Assets

    @property
    def assets(self) -> Shelf:
        """All that can be done with assets, beyond what the calls below do."""
        return Shelf(self.place, self.where)

    def save_asset(
        self,
        asset: Asset,
        overwrite: bool = False,
        asset_id: str | None = None,
        *,
        serialization_method: object = None,
        trust: str | None = None,
    ) -> str:
        """Save an asset and return its id; to overwrite makes a revision, nothing is destroyed.

        Objects are stored exactly, whatever *serialization_method* asks for; a pickle needs
        trust="pickle" besides.

        Raises:
            NotStorable: (a ValueError) its object would not come back.
            AssetNotFound: (a ValueError) there is none of *asset_id*.
            NotPermitted: (a ValueError) it is somebody else's.
        """
        check_method(serialization_method, trust)
        return self.assets.save(asset, overwrite=overwrite, asset_id=asset_id, trust=trust)

    def get_asset(
        self,
        label: str | None = None,
        type: AssetType | None = None,  # noqa: A002 - as above
        name: str | None = None,
        time_created: str | datetime | None = None,
        asset_id: str | None = None,
        *,
        revision: int | None = None,
        alias: str | None = None,
        as_of: When | None = None,
    ) -> Asset:
        """Return the newest asset that fits, at its last revision, or at that of an alias.

        With *as_of*, a position, a time or a text such as "yesterday", as it was then.

        Raises:
            InvalidInput: (a ValueError) neither label nor type nor asset_id is given.
            AssetNotFound: (a ValueError) there is none that the user may see.
        """
        if label is None and type is None and asset_id is None:
            raise InvalidInput("give a label or a type: get_assets lists all assets")
        query = Query.of(
            label=label, type_=type, name=name, asset_id=asset_id, time_created=time_created
        )
        return self._shelf(as_of).get(query, revision=revision, alias=alias)

    def get_assets(
        self,
        label: str | None = None,
        type: AssetType | None = None,  # noqa: A002 - the interface calls it so
        name: str | None = None,
        asset_id: str | None = None,
        *,
        as_of: When | None = None,
    ) -> list[Asset]:
        """Return all assets that fit and that the user may see, newest first, lazily."""
        return self._shelf(as_of).all(
            Query.of(label=label, type_=type, name=name, asset_id=asset_id)
        )

    def get_asset_by_id(self, asset_id: str) -> Asset:
        """Return the asset of an id.

        Raises:
            AssetNotFound: (a ValueError) there is none that the user may see.
        """
        return self.assets.get(Query(asset_id=asset_id))

    def get_dataset(self, label: str | None = None, name: str | None = None) -> Dataset:
        """Return the newest dataset that fits; raises as `get_asset` does."""
        return self.assets.typed(Dataset, AssetType.DATASET, label, name)

    def get_model(self, label: str | None = None, name: str | None = None) -> Model:
        """Return the newest model that fits; raises as `get_asset` does."""
        return self.assets.typed(Model, AssetType.MODEL, label, name)

    def get_schema(self, label: str | None = None, name: str | None = None) -> Schema:
        """Return the newest schema that fits; raises as `get_asset` does."""
        return self.assets.typed(Schema, AssetType.SCHEMA, label, name)

    def get_explainer(self, label: str | None = None, name: str | None = None) -> Explainer:
        """Return the newest explainer that fits; raises as `get_asset` does."""
        return self.assets.typed(Explainer, AssetType.EXPLAINER, label, name)

    def _shelf(self, as_of: When | None) -> Shelf:
        return self.assets if as_of is None else self.assets.at(as_of)

    # How far it is

    @AmbientMethod
    def update_progress(self, completion: float, message: str, page_update: bool = False) -> bool:
        """Tell how far the step is, 0 to 100; return whether that could be told.

        It never raises because of the store. On the class it is about the step that runs here.

        Raises:
            InvalidInput: (a ValueError) the completion is no number.
        """
        return self._scope.progress.update(checked(completion, message, page_update))

    async def aupdate_progress(
        self, completion: float, message: str, page_update: bool = False
    ) -> bool:
        """Do what `update_progress` does, where one awaits it."""
        return self.update_progress(completion, message, page_update)

    def flush_progress(self) -> bool:
        """Record at once what `update_progress` holds back; return whether that could be done."""
        return self._scope.progress.flush()

    def get_flow_status(self) -> dict[str, object]:
        """Return what the flow is, and how far each of its steps is.

        Raises:
            FlowNotFound: (a ValueError) there is no such flow.
        """
        with self.place.vault.read():
            return status.flow_status(self.place.flows, self.flow_id)

    def get_previous_step_name(self) -> str | None:
        """Return the step before this one; None for the first, and where no order was declared."""
        return status.previous_step(self.place.flows, self.flow_id, self.step_name or "")

    # Databases and buckets

    @property
    def connections(self) -> Connections:
        """The connections that the user may use, and how to make one."""
        return Connections(self.place.vault, self.user, told=self.where.reads.secrets.add)

    def db_to_pandas(
        self, query: str, conn_name: str, connection_owner: str | None = None, **kwargs: object
    ) -> pd.DataFrame:
        """Return what a query selects; *kwargs*: params, parse_dates, index_col, dtype, ...

        Raises:
            ConnectionNotFound: (a ValueError) there is none that the user may use.
            DatabaseUnreachable, QueryRefused: the name of the connection, never a secret of it.
        """
        used = calls.Used(conn_name, connection_owner)
        return calls.read_query(self.place, self.where, query, used, options=kwargs)

    def pandas_to_db(
        self,
        _df: pd.DataFrame,
        table: str,
        conn_name: str,
        connection_owner: str | None = None,
        if_exists: str = "fail",
        **kwargs: object,
    ) -> None:
        """Write a frame to a table, all rows or none; raises as `db_to_pandas` does."""
        used = calls.Used(conn_name, connection_owner)
        into = calls.Table(table, if_exists)
        calls.write_table(self.place, self.where, _df, into, used=used, options=kwargs)

    def get_boto3_s3_client_from_connection_store(
        self, connection_id: str, **kwargs: object
    ) -> Any:  # noqa: ANN401 - boto3 has no types
        """Return boto3's client of a connection; *kwargs* go to its session and client."""
        return calls.s3_client(self.place, self.where, connection_id, kwargs)

    def get_s3_asset(self, path: str) -> bytes:
        """Return an object of the bucket that the interface was made with.

        Raises:
            InvalidInput: (a ValueError) it was made without one.
            FileNotFoundError: there is no such object.
        """
        if self.bucket_name is None:
            raise InvalidInput("get_s3_asset needs a bucket: StoreInterface(..., bucket_name=...)")
        return calls.read_object(self.place, self.where, self.bucket_name, path)

    @OfStore
    def list_fixture_data(place: Place, prefix: str | None = None) -> list[str]:  # noqa: N805 - it is of the class too
        """Return the keys of all fixtures that begin with a prefix, sorted."""
        return calls.fixture_keys(place, prefix)

    str_2_connection_type = staticmethod(str_2_connection_type)

    # Pages

    def get_page(self, _out_link: object = None) -> Page:
        """Return a copy of this step's page: as it was stored last, else as it was written."""
        return screen.page_of(self.place, self.where, self._scope.at_step("get_page").step)

    def update_page(self, page: Page) -> None:
        """Store the page of this step.

        Raises:
            InvalidPage: (a ValueError) two sections, or two references, have one name.
        """
        screen.update_page(self.place, self._scope.at_step("update_page").settled(), page)

    @screen.renamed(elem_reference_id="elem_title", element_title="elem_title", step="step_name")
    def get_element(self, step_name: str, elem_title: str, quiet: bool = False) -> Element | None:
        """Return an element of a step by reference or title. Raises ElementNotFound."""
        return screen.element_of(self.place, self.where, step_name, elem_title, quiet=quiet)

    def get_element_by_id(self, step_name: str, elem_id: str) -> Element:
        """Return an element of a step by its id. Raises ElementNotFound (a ValueError)."""
        return screen.element_by_id(self.place, self.where, step_name, elem_id)

    @screen.renamed(elem_reference_id="elem_title", element_title="elem_title", step="step_name")
    def get_element_value(self, step_name: str, elem_title: str, quiet: bool = False) -> Any:  # noqa: ANN401 - it depends on the element
        """Return what was entered into an element, else what it was made with.

        Raises:
            ElementNotFound, UploadNotFound, InvalidPage: (ValueErrors) there is no such value.
        """
        return screen.value_of(self.place, self.where, step_name, elem_title, quiet=quiet)

    @screen.renamed(data_source_reference_id="data_source_title")
    def get_current_step_user_input(self, data_source_title: str) -> BytesIO:
        """Return what was uploaded in this step, also before its action. Raises UploadNotFound."""
        where = self._scope.at_step("get_current_step_user_input")
        return screen.raw_upload(self.place, where, where.step, None, data_source_title)

    def get_raw_data_source_data(
        self,
        step_name: str | None = None,
        element_id: str | None = None,
        element_title: str | None = None,
    ) -> BytesIO:
        """Return what was uploaded into an element of a step. Raises UploadNotFound."""
        step = step_name or self._scope.at_step("get_raw_data_source_data").step
        return screen.raw_upload(self.place, self.where, step, element_id, element_title)

    def create_future_element(self, elem: Element, future_step_name: str) -> None:
        """Let a later step have an element: hidden, until its page shows it."""
        where = self._scope.at_step("create_future_element")
        screen.reserve(self.place, where, elem, future_step_name)
