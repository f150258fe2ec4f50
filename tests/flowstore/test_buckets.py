"""Buckets: directories beside the vault, and S3 as moto plays it."""

import base64
from pathlib import Path

import pytest

from nacre.errors import InvalidInput
from nacre_adapters.flowstore import StoreInterface, keys, use_store
from nacre_adapters.flowstore.connections import BucketUnreachable, ConnectionNotFound, buckets

SECRET = "wJalrXUtnFEMI"


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(keys.VARIABLE, base64.urlsafe_b64encode(b"k" * 32).decode())
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.delenv(buckets.VARIABLE, raising=False)


@pytest.fixture(scope="module")
def endpoint():
    pytest.importorskip("boto3")
    server = pytest.importorskip("moto.server").ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def store(tmp_path: Path):
    with use_store(tmp_path / "flows.vault"):
        yield StoreInterface("flow", user="ana", bucket_name="photos")


@pytest.fixture
def s3(store: StoreInterface, endpoint: str) -> StoreInterface:
    """A store with a connection `photos` to a bucket of that name."""
    fields = {
        "aws_access_key_id": "AKIA",
        "aws_secret_access_key": SECRET,
        "region": "us-east-1",
        "endpoint_url": endpoint,
    }
    made = store.connections.create("photos", "s3", fields)
    client = store.get_boto3_s3_client_from_connection_store(made.id)
    client.create_bucket(Bucket="photos")
    for key in ("b.txt", "a/1.jpg", "fixture/z", "fixture/a/b"):
        client.put_object(Bucket="photos", Key=key, Body=key.encode())
    return store


def test_a_client_comes_from_a_stored_connection(s3: StoreInterface) -> None:
    client = s3.get_boto3_s3_client_from_connection_store("photos", region_name="eu-west-1")

    assert client.meta.region_name == "eu-west-1"
    assert client.get_object(Bucket="photos", Key="b.txt")["Body"].read() == b"b.txt"


def test_an_object_comes_from_the_bucket_of_the_interface(s3: StoreInterface) -> None:
    assert s3.get_s3_asset("a/1.jpg") == b"a/1.jpg"
    with pytest.raises(FileNotFoundError, match="no object 'c'"):
        s3.get_s3_asset("c")


def test_fixtures_come_from_the_bucket_that_the_environment_names(
    s3: StoreInterface, endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(buckets.VARIABLE, "s3://photos")
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIA")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)

    assert StoreInterface.list_fixture_data() == ["fixture/a/b", "fixture/z"]
    assert s3.list_fixture_data("a/") == ["fixture/a/b"]


def test_a_bucket_that_is_not_there_is_named(s3: StoreInterface) -> None:
    s3.connections.update("photos", {"bucket": "nowhere"})

    with pytest.raises(BucketUnreachable, match="'nowhere' cannot be read") as caught:
        s3.get_s3_asset("a")

    assert caught.value.__context__ is None


def test_a_server_that_does_not_answer_is_said(store: StoreInterface) -> None:
    pytest.importorskip("boto3")
    fields = {"endpoint_url": "http://127.0.0.1:1", "access_key": "a", "secret_key": SECRET}
    store.connections.create("photos", "s3", {**fields, "region": "us-east-1"})

    with pytest.raises(BucketUnreachable, match="EndpointConnectionError") as caught:
        store.get_s3_asset("a")

    assert SECRET not in str(caught.value)


def test_a_directory_beside_the_vault_is_a_bucket(store: StoreInterface, tmp_path: Path) -> None:
    folder = tmp_path / "flows.vault.files" / "photos"
    (folder / "a").mkdir(parents=True)
    (folder / "a" / "1.jpg").write_bytes(b"picture")

    assert store.get_s3_asset("a/1.jpg") == b"picture"
    elsewhere = StoreInterface("flow", user="ana", bucket_name=f"file://{folder}")
    assert elsewhere.get_s3_asset("a/1.jpg") == b"picture"
    for key in ("none", "a"):
        with pytest.raises(FileNotFoundError):
            store.get_s3_asset(key)


def test_a_key_stays_in_its_bucket(store: StoreInterface, tmp_path: Path) -> None:
    folder = tmp_path / "flows.vault.files" / "photos"
    folder.mkdir(parents=True)
    (tmp_path / "private").write_text("x")
    (folder / "link").symlink_to(tmp_path / "private")

    for key in ("../../private", "/etc/passwd", "a/../../../private", "link", "a\0b"):
        with pytest.raises(InvalidInput, match="leads out of the bucket"):
            store.get_s3_asset(key)


def test_fixtures_are_listed_sorted_with_their_whole_keys(store, tmp_path: Path) -> None:
    assert StoreInterface.list_fixture_data() == []
    for name in ("b.csv", "a/2.csv", "a/1.csv"):
        path = tmp_path / "flows.vault.files" / "fixture" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()

    expected = ["fixture/a/1.csv", "fixture/a/2.csv", "fixture/b.csv"]
    assert store.list_fixture_data() == StoreInterface.list_fixture_data() == expected
    assert StoreInterface.list_fixture_data("a/1") == ["fixture/a/1.csv"]
    another = StoreInterface("flow", user="ana", store=tmp_path / "another.vault")
    assert another.list_fixture_data() == []  # its own store, not the one in use


def test_wrong_arguments_are_refused(store: StoreInterface) -> None:
    with pytest.raises(ValueError, match="needs a bucket"):
        StoreInterface("flow", user="ana").get_s3_asset("a")
    with pytest.raises(InvalidInput, match="is no bucket"):
        StoreInterface("flow", user="ana", bucket_name="../x").get_s3_asset("a")
    with pytest.raises(ConnectionNotFound):
        store.get_boto3_s3_client_from_connection_store("nothing")
    store.connections.create("db", "sqlite", {"path": "x"})
    pytest.importorskip("boto3")
    with pytest.raises(InvalidInput, match="leads to sqlite, not to S3"):
        store.get_boto3_s3_client_from_connection_store("db")
    store.connections.create("s", "s3", {"region": "us-east-1"})
    with pytest.raises(TypeError, match="takes 'nothing'"):
        store.get_boto3_s3_client_from_connection_store("s", nothing=1)
