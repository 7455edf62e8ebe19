"""Stores of files: down, slow or open to all; sweeping what no row knows; moving between two; destroying."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction

from weimin.base import clock, contents
from weimin.config import moving
from weimin.kernel.record import actions, queries
from weimin.kernel.record.models import Blob
from weimin.kernel.record.testing import Stored
from weimin.kernel.record.tests.bucket_help import bucket_of, client_of, use_server

CONTENT = b"%PDF-1.7\n" + b"content " * 3000


def store(content: bytes = CONTENT) -> Any:
    return actions.store_blob(at=clock.now(), content=content, name="a.pdf", allowed=("pdf",))


@pytest.mark.django_db
def test_a_store_that_is_down_refuses_kindly_and_leaves_no_row(settings: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    use_server(settings, f"http://127.0.0.1:{port}")
    settings.WEIMIN_FILES = "s3://nowhere/weimin"
    began = time.monotonic()
    for _ in range(20):
        with pytest.raises(contents.StoreDown, match="没有丢"):
            store()
    assert time.monotonic() - began < 10
    assert not Blob.objects.exists()


@pytest.mark.django_db
def test_a_store_that_never_answers_fails_in_bounded_time_and_notes_nothing_broken(
    a_folder: str, settings: Any
) -> None:
    settings.WEIMIN_FILES = a_folder
    ref = store()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        use_server(settings, f"http://127.0.0.1:{silent.getsockname()[1]}")
        settings.WEIMIN_BUCKET_TIMEOUT = 0.3
        settings.WEIMIN_FILES = "s3://silent/weimin"
        began = time.monotonic()
        with pytest.raises(contents.StoreDown):
            queries.read_blob(ref.blob_id)
        assert time.monotonic() - began < 8
    settings.WEIMIN_FILES = a_folder
    assert queries.list_broken() == []
    assert queries.read_blob(ref.blob_id) == CONTENT


@pytest.mark.django_db
@pytest.mark.parametrize("kind", ["folder", "bucket"])
def test_only_old_contents_without_a_row_are_swept(kind: str, request: Any, settings: Any) -> None:
    settings.WEIMIN_FILES = request.getfixturevalue(f"a_{kind}")
    kept = store()
    with transaction.atomic():
        stray = store(b"%PDF-1.4 stray")
        transaction.set_rollback(True)
    assert actions.sweep_contents(at=clock.now()) == 0, "it may belong to a transaction that still runs"
    assert Stored(stray.sha256).exists()
    assert actions.sweep_contents(at=clock.now() + timedelta(days=2)) == 1
    assert not Stored(stray.sha256).exists() and queries.read_blob(kept.blob_id) == CONTENT


@pytest.mark.django_db
def test_a_store_of_another_database_is_not_swept(a_folder: str, settings: Any) -> None:
    settings.WEIMIN_FILES = a_folder
    for number in range(101):
        Stored(f"{number:064x}").write_bytes(b"x")
    later = clock.now() + timedelta(days=2)
    with pytest.raises(actions.SweepRefused, match="--surely"):
        actions.sweep_contents(at=later)
    assert Stored("0" * 64).exists()
    assert actions.sweep_contents(at=later, surely=True) == 101


@pytest.mark.django_db
@pytest.mark.parametrize("kind", ["folder", "bucket"])
def test_a_destroyed_content_leaves_the_store(
    kind: str, request: Any, settings: Any, django_capture_on_commit_callbacks: Any
) -> None:
    settings.WEIMIN_FILES = request.getfixturevalue(f"a_{kind}")
    ref = store()
    with django_capture_on_commit_callbacks(execute=True):
        assert actions.drop_blobs(ids=[ref.blob_id]) == 1
    assert not Stored(ref.sha256).exists()


@pytest.mark.django_db
def test_contents_move_while_they_are_read_and_a_second_run_copies_nothing(
    a_folder: str, a_bucket: str, settings: Any
) -> None:
    settings.WEIMIN_FILES = a_folder
    old = store()
    with pytest.raises(moving.MoveRefused, match="WEIMIN_FILES_ALSO"):
        moving.move(wanted=a_bucket, clear=False, progress=lambda *_: None)
    settings.WEIMIN_FILES, settings.WEIMIN_FILES_ALSO = a_bucket, a_folder
    new, broken = store(b"%PDF-1.4 new"), store(b"%PDF-1.4 broken")
    Stored(broken.sha256).unlink()
    assert queries.read_blob(old.blob_id) == CONTENT, "read from the old store"
    moved = moving.move(wanted=a_bucket, clear=True, progress=lambda *_: None)
    assert (moved.looked, moved.copied, moved.broken) == (3, 1, [broken.sha256])
    assert not contents.open_store(a_folder).exists(queries.content_name(old.sha256))
    assert moving.move(wanted=a_bucket, clear=True, progress=lambda *_: None).copied == 0
    settings.WEIMIN_FILES_ALSO = ""
    assert queries.read_blob(old.blob_id) == CONTENT and queries.read_blob(new.blob_id) == b"%PDF-1.4 new"


def test_a_bucket_open_to_all_and_one_that_keeps_versions_are_found(a_bucket: str) -> None:
    store = contents.open_store(a_bucket)
    assert store.find_fault() == "" and store.find_lasting() == ""
    client, bucket = client_of(a_bucket), bucket_of(a_bucket)
    client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    assert "旧版本" in store.find_lasting()
    rule = {"ID": "old", "Status": "Enabled", "Filter": {}, "NoncurrentVersionExpiration": {"NoncurrentDays": 7}}
    client.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": [rule]})
    assert store.find_lasting() == ""
    everybody = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [everybody]})
    client.put_bucket_policy(Bucket=bucket, Policy=policy)
    assert "谁都能读" in store.find_fault()


def test_the_s3_client_is_not_loaded_for_a_folder() -> None:
    code = "import sys, weimin.config.wsgi; sys.exit('boto3' in sys.modules or 'botocore' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
