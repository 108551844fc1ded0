"""Downloads from a server on this machine, some of them cut off."""

import hashlib
import logging
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from class_folders import files, make, pack
from idx_files import PIXELS, write_idx
from manyseeds.errors import InputError
from manyseeds.sources import downloads
from manyseeds.sources.source import source_of


def fetch(kind, url, out):
    return source_of({"kind": kind, "url": url}).fetch(out)


@contextmanager
def server(respond):
    """Yield the address of a server that answers by `respond(handler)`, and the paths asked for."""
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            respond(self)

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listening:
        threading.Thread(target=listening.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{listening.server_port}", asked
        finally:
            listening.shutdown()


def answer(handler, data, sent=None, length=True):
    """Answer with some data, or with its beginning; without its length its end cannot be told."""
    handler.send_response(200)
    if length:
        handler.send_header("Content-Length", str(len(data)))
    handler.end_headers()
    handler.wfile.write(data[:sent])


@pytest.fixture
def archive(tmp_path):
    return pack(make(tmp_path / "photos"), tmp_path / "x.tar.gz", "")


def half_then_whole(data, **options):
    """Answer the first request with the first half of the data, the others with all."""
    seen = []

    def respond(handler):
        answer(handler, data, len(data) // 2 if not seen else None, **options)
        seen.append(1)

    return respond


def test_an_address_that_does_not_answer(tmp_path):
    # Port 9 of this machine, "discard", has no listener.
    with pytest.raises(InputError, match=r"x\.zip: cannot be downloaded.*`source\.url`"):
        downloads.fetch_file("http://127.0.0.1:9/x.zip", cache=tmp_path)


def test_an_address_that_is_none(tmp_path):
    with pytest.raises(InputError, match=r"x\.zip: cannot be downloaded.*`source\.url`"):
        downloads.fetch_file("http://256.1.1.1:99999/x.zip", cache=tmp_path)


def test_a_file_that_is_not_there(tmp_path):
    with (
        server(lambda handler: handler.send_error(404)) as (url, _),
        pytest.raises(InputError, match=r"x\.zip: cannot be downloaded.*404"),
    ):
        downloads.fetch_file(f"{url}/x.zip", cache=tmp_path)
    assert files(tmp_path) == []


def test_a_download_is_checked(archive, tmp_path):
    with server(lambda handler: answer(handler, archive.read_bytes())) as (url, asked):
        address, cache = f"{url}/x.tar.gz", tmp_path / "c"
        with pytest.raises(InputError, match="checksum is wrong"):
            downloads.fetch_file(address, "0" * 64, cache)
        assert files(cache) == []
        digest = hashlib.sha256(archive.read_bytes()).hexdigest()
        for _ in range(2):
            path = downloads.fetch_file(address, digest.upper(), cache)
            assert path.read_bytes() == archive.read_bytes()
    assert len(asked) == 2  # the copy is used the second time


def test_a_copy_without_a_checksum_is_used_and_said_so(archive, tmp_path, kept, caplog):
    caplog.set_level(logging.INFO, "manyseeds")
    with server(lambda handler: answer(handler, archive.read_bytes())) as (url, asked):
        for _ in range(2):
            fetch("archive", f"{url}/x.tar.gz", tmp_path / "out")
    assert len(asked) == 1
    (said,) = caplog.messages
    assert "x.tar.gz: not downloaded again, the copy of" in said
    assert str(kept) in said
    assert "source.sha256" in said


@pytest.mark.parametrize("checked", [True, False])
def test_a_download_cut_off_is_begun_afresh(archive, tmp_path, checked):
    data = archive.read_bytes()
    digest = hashlib.sha256(data).hexdigest() if checked else None
    with server(half_then_whole(data)) as (url, _):
        with pytest.raises(InputError, match=r"x\.tar\.gz: cannot be downloaded"):
            downloads.fetch_file(f"{url}/x.tar.gz", digest, tmp_path / "c")
        assert files(tmp_path / "c") == []
        path = downloads.fetch_file(f"{url}/x.tar.gz", digest, tmp_path / "c")
        assert path.read_bytes() == data


def test_half_an_archive_whose_length_nobody_told_is_not_kept(archive, tmp_path, kept):
    with server(half_then_whole(archive.read_bytes(), length=False)) as (url, _):
        address = f"{url}/x.tar.gz"
        with pytest.raises(InputError, match="not a whole zip or tar archive"):
            fetch("archive", address, tmp_path / "out")
        assert not (tmp_path / "out").exists()
        assert files(kept) == []
        table, _, _ = fetch("archive", address, tmp_path / "out")
    assert table["image"].tolist() == files(tmp_path / "photos")


def test_half_an_idx_file_is_not_kept(tmp_path, kept):
    pairs = write_idx(tmp_path / "idx", PIXELS, [1, 0, 1])
    seen = set()

    def respond(handler):
        data = (pairs / handler.path[1:]).read_bytes()
        whole = "train-images" not in handler.path or bool(seen)
        seen.update(["x"] if "train-images" in handler.path else [])
        answer(handler, data, None if whole else 30, length=False)

    with server(respond) as (url, _):
        with pytest.raises(InputError, match="not a whole gzip file"):
            fetch("idx", url, tmp_path / "out")
        assert len(fetch("idx", url, tmp_path / "out").table) == 6
        assert len(files(kept)) == 4
