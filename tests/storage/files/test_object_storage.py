"""What object storage has beyond objects with bytes: the marks of emptied folders, and unfinished uploads."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest

from storage.files.folder import Folder
from storage.files.uploads import abort_upload, unfinished_uploads

pytestmark = [
    pytest.mark.thorough,
    pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning"),
]


def client_of(bucket: str) -> Any:
    (endpoint,) = parse_qs(urlsplit(bucket).query)["endpoint_override"]
    return boto3.client("s3", endpoint_url=f"http://{endpoint}")


def keys_of(client: Any) -> list[str]:
    return [each["Key"] for each in client.list_objects_v2(Bucket="loanwatch", Prefix="mart/").get("Contents", ())]


def test_an_emptied_folder_leaves_no_object_of_its_own(bucket: str) -> None:
    folder, client = Folder.at(bucket.format("mart")), client_of(bucket)
    for name in ("gold/run-1/part.parquet", "gold/run-2/part.parquet"):
        with folder.writing(name) as sink:
            sink.write(b"rows")
    folder.delete("gold/run-1/part.parquet")
    folder.delete_empty("gold/run-1")
    folder.delete_empty("gold/run-2")
    assert keys_of(client) == ["mart/gold/", "mart/gold/run-2/part.parquet"]  # one for all that is in gold


def test_an_unfinished_upload_is_found_and_ended_and_those_of_others_are_not(bucket: str) -> None:
    client = client_of(bucket)
    for key in ("mart/gold/part.parquet", "other/part.parquet"):
        upload = client.create_multipart_upload(Bucket="loanwatch", Key=key)["UploadId"]
        client.upload_part(Bucket="loanwatch", Key=key, UploadId=upload, PartNumber=1, Body=b"half")
    root = bucket.format("mart")
    ((name, upload),) = unfinished_uploads(root)
    assert name == "gold/part.parquet"
    abort_upload(root, name, upload)
    abort_upload(root, name, upload)
    assert unfinished_uploads(root) == []
    assert [each["Key"] for each in client.list_multipart_uploads(Bucket="loanwatch")["Uploads"]] == [
        "other/part.parquet"
    ]
