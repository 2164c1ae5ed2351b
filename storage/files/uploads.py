"""Uploads to object storage that were begun and never completed: they cost as objects do, but no listing has them."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any
from urllib.parse import parse_qs, urlsplit

from storage.errors import StorageError
from storage.files.away import StorageAway
from storage.settings import is_remote


def unfinished_uploads(root: str) -> list[tuple[str, str]]:
    """(name below the root, id) of the unfinished uploads below an address of S3; none for another root."""
    if not is_remote(root) or urlsplit(root).scheme != "s3":
        return []
    bucket, prefix = _bucket_and_prefix(root)
    with _storage_errors(root):
        pages = _client(root).get_paginator("list_multipart_uploads").paginate(Bucket=bucket, Prefix=prefix)
        return [(each["Key"][len(prefix) :], each["UploadId"]) for page in pages for each in page.get("Uploads", ())]


def abort_upload(root: str, name: str, upload: str) -> None:
    """Ends an unfinished upload, and frees what is stored of it. It may have been completed in the meantime."""
    bucket, prefix = _bucket_and_prefix(root)
    client = _client(root)
    with _storage_errors(root):
        try:
            client.abort_multipart_upload(Bucket=bucket, Key=f"{prefix}{name}", UploadId=upload)
        except client.exceptions.NoSuchUpload:
            return


def endpoint_of(root: str) -> str:
    """The endpoint of an address of S3 as people read it, without credentials; AWS when it names none."""
    named = parse_qs(urlsplit(root).query).get("endpoint_override")
    return named[0] if named else os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL") or "AWS"


def _bucket_and_prefix(root: str) -> tuple[str, str]:
    bucket, _, prefix = root.partition("://")[2].partition("?")[0].rpartition("@")[2].strip("/").partition("/")
    return bucket, f"{prefix}/" if prefix else ""


def _client(root: str) -> Any:
    """A client for the address's endpoint and region, with the credentials that Arrow finds too."""
    parts = urlsplit(root)
    options = {name: values[0] for name, values in parse_qs(parts.query).items()}
    endpoint = options.get("endpoint_override")
    given = {"aws_access_key_id": parts.username, "aws_secret_access_key": parts.password} if parts.username else {}
    # Imported only here: it takes a fifth of a second, and only a deployment on object storage needs it.
    return import_module("boto3").client(
        "s3",
        endpoint_url=f"{options.get('scheme', 'https')}://{endpoint}" if endpoint else None,
        region_name=options.get("region"),
        **given,
    )


@contextmanager
def _storage_errors(root: str) -> Iterator[None]:
    """Raises the client's errors as StorageAway or StorageError. The client itself tries a call several times."""
    errors = import_module("botocore.exceptions")
    address = root.partition("?")[0]
    try:
        yield
    except errors.ClientError as error:
        raise StorageError(f"The unfinished uploads below {address} can't be listed or ended ({error}).") from error
    except errors.BotoCoreError as error:
        raise StorageAway(address, str(error)) from error
