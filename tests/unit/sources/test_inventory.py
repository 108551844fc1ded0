import re
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pooch
import pytest

from manyseeds.sources import inventory
from manyseeds.sources.kinds.idx import FILES
from manyseeds.sources.source import source_of

ARCHIVE = {"kind": "archive", "url": "https://example.org/a.zip", "inside": "."}
SIMULATED = {"kind": "simulated", "phenotype": "snf7", "fields": 8, "shape": [512, 1024]}
GIT = {
    "kind": "git", "url": "https://example.org/a.git", "commit": "fe158ac" + "0" * 33,
    "splits": {"train": "data/one", "test": "data/two"},
}  # fmt: skip


def refuse(url):
    raise OSError("no network")


def take(sources, **options):
    """The entries of described sources."""
    return inventory.take(
        {name: source_of(described) for name, described in sources.items()}, **options
    )


def one(described, **options):
    """The only entry of a source."""
    (entry,) = take({"a": described}, **{"ask": refuse} | options)
    return entry


@pytest.fixture
def idx(tmp_path):
    for number, name in enumerate(FILES, start=1):
        (tmp_path / name).write_bytes(bytes(1000 * number))
    return tmp_path


def test_a_folder_is_here_with_the_bytes_of_its_files(tmp_path):
    (tmp_path / "control/deep").mkdir(parents=True)
    (tmp_path / "control/a.tif").write_bytes(bytes(700))
    (tmp_path / "control/deep/b.tif").write_bytes(bytes(50))
    (tmp_path / ".DS_Store").write_bytes(bytes(9))
    entry = one({"kind": "folder", "path": str(tmp_path)})
    assert (entry.state, entry.size, entry.at_least, entry.download) == ("here", 750, False, 0)


def test_links_in_circles_and_broken_ones_do_not_stop_the_counting(tmp_path):
    (tmp_path / "a.tif").write_bytes(bytes(7))
    (tmp_path / "circle").symlink_to(tmp_path)
    (tmp_path / "broken").symlink_to(tmp_path / "nowhere")
    assert inventory.folder_size(tmp_path) == (7, True)
    assert inventory.folder_size(tmp_path / "nowhere") == (0, True)


def test_counting_stops_when_its_time_is_over(tmp_path, monkeypatch):
    (tmp_path / "a.tif").write_bytes(bytes(7))
    assert inventory.folder_size(tmp_path, seconds=-1) == (0, False)
    monkeypatch.setattr(inventory, "folder_size", lambda folder: (5_000_000, False))
    entry = one({"kind": "folder", "path": str(tmp_path)})
    assert "> 5.0 MB" in inventory.render([entry])


def test_equal_sources_share_a_row_and_others_do_not():
    sources = {
        "a": ARCHIVE,
        "b": SIMULATED,
        "c": dict(reversed(ARCHIVE.items())),
        "d": ARCHIVE | {"inside": "x"},
        "e": SIMULATED | {"fields": 9},
    }
    entries = take(sources, ask=lambda url: 1)
    assert [entry.datasets for entry in entries] == [("a", "c"), ("b",), ("d",), ("e",)]


@pytest.mark.parametrize(("answer", "shown"), [(2_500_000, "2.5 MB"), (None, "unknown")])
def test_an_archive_to_download_has_the_size_that_its_address_tells(tmp_path, answer, shown):
    entry = one(ARCHIVE, cache=tmp_path, ask=lambda url: answer)
    assert (entry.state, entry.download, entry.size) == ("to download", answer, None)
    assert shown in inventory.render([entry])
    assert "give `source.path` instead" in entry.remedy


def test_an_archive_in_the_cache_is_not_asked_for(tmp_path):
    (tmp_path / pooch.utils.unique_file_name(ARCHIVE["url"])).write_bytes(bytes(30))
    entry = one(ARCHIVE, cache=tmp_path)
    assert (entry.state, entry.size, entry.download, entry.remedy) == ("downloaded", 30, 0, "")


def test_images_that_the_study_has_are_not_downloaded_again(tmp_path):
    entry = one(ARCHIVE, cache=tmp_path, fetched={"a"})
    assert (entry.state, entry.download, entry.remedy) == ("fetched", 0, "")
    two = {"a": ARCHIVE, "b": ARCHIVE}
    (entry,) = take(two, fetched={"a"}, cache=tmp_path, ask=lambda url: 5)
    assert (entry.state, entry.download) == ("to download", 5)


def test_an_address_out_of_reach_is_said_with_the_remedy(tmp_path):
    entry = one(ARCHIVE, cache=tmp_path)
    assert (entry.state, entry.download) == ("unreachable", None)
    assert entry.remedy.startswith("It cannot be reached now (no network).")
    assert entry.remedy in " ".join(inventory.render([entry], 90).split())


def test_idx_files_at_an_address_are_counted_together(tmp_path):
    source = {"kind": "idx", "url": "https://example.org/fashion/"}
    base = "https://example.org/fashion"
    cached = f"{base}/{FILES[0]}"
    (tmp_path / pooch.utils.unique_file_name(cached)).write_bytes(bytes(11))
    sizes = {f"{base}/{name}": 100 for name in FILES[1:]}
    entry = one(source, cache=tmp_path, ask=sizes.__getitem__)
    assert (entry.state, entry.size, entry.download) == ("to download", 11, 300)


def test_idx_files_here(idx):
    source = {"kind": "idx", "path": str(idx)}
    assert (one(source).state, one(source).size) == ("here", 10_000)
    (idx / FILES[3]).unlink()
    assert one(source).state == "missing"
    assert f"lacks {FILES[3]}." in one(source).remedy


def test_git_names_the_folders_and_does_not_know_their_size(tmp_path):
    entry = one(GIT)
    assert (entry.state, entry.download) == ("to download", None)
    assert entry.where.endswith("a.git at fe158ac, only data/one, data/two")
    assert "by hand" in entry.remedy
    assert one(GIT | {"splits": ["train", "test"], "inside": "data"}).where.endswith(
        ", only data/train, data/test"
    )
    (tmp_path / "config").write_bytes(bytes(40))
    assert one(GIT | {"url": f"file://{tmp_path}"}).size == 40
    assert one(GIT | {"url": f"file://{tmp_path}/no"}).state == "missing"


def test_torchvision_has_known_sizes_and_may_be_here(tmp_path):
    cifar = {"kind": "torchvision", "name": "CIFAR10"}
    fashion = {"kind": "torchvision", "name": "FashionMNIST"}
    assert one(cifar, cache=tmp_path).download == 170_498_071  # as its server says
    assert "dataset-fashion-mnist" in one(fashion, cache=tmp_path).remedy
    given = fashion | {"path": str(tmp_path / "torchvision")}
    assert one(given).state == "missing"
    assert "has no folder FashionMNIST." in one(given).remedy
    raw = tmp_path / "torchvision/FashionMNIST/raw"
    raw.mkdir(parents=True)
    (raw / "train-labels-idx1-ubyte").write_bytes(bytes(5))
    (raw / "train-images-idx3-ubyte.gz").write_bytes(bytes(5))  # downloaded, not yet unpacked
    assert one(given).state == "missing"
    assert "has a folder FashionMNIST, which lacks raw/train-images-idx3-" in one(given).remedy
    entry = one(fashion, cache=tmp_path)
    assert (entry.state, entry.download) == ("to download", 30_878_645)
    (raw / "train-images-idx3-ubyte.gz").rename(raw / "train-images-idx3-ubyte")
    for stem in ("t10k-labels-idx1", "t10k-images-idx3"):
        (raw / f"{stem}-ubyte").write_bytes(bytes(5))
    assert (one(given).state, one(given).size, one(given).download) == ("here", 20, 0)
    assert one(fashion, cache=tmp_path).state == "downloaded"
    assert one(cifar, cache=tmp_path).state == "to download"


@pytest.mark.parametrize(
    ("described", "says"),
    [
        ({"kind": "folder", "path": "no"}, r"^no does not exist\. Correct the path"),
        ({"kind": "folder", "path": "$DATA/no"}, "/x/no .*environment variable DATA"),
        ({"kind": "archive", "path": "${DATA}/a.zip"}, "/x/a.zip .*environment variable DATA"),
        (
            {"kind": "idx", "path": "/usr/share/datasets/fashion-mnist/"},
            "apt install dataset-fashion-mnist",
        ),
        ({"kind": "folder", "path": __file__}, "not a folder.*kind: archive"),
        ({"kind": "archive", "path": "/"}, "is a folder.*kind: folder"),
    ],
)
def test_what_is_missing_is_named_with_its_remedy(described, says, monkeypatch):
    monkeypatch.setenv("DATA", "/x")
    # As if Debian's package were not installed, on whatever machine this runs.
    exists = Path.exists
    monkeypatch.setattr(Path, "is_dir", lambda path: str(path) == "/")
    monkeypatch.setattr(Path, "exists", lambda path: exists(path) and "datasets" not in path.parts)
    assert re.search(says, source_of(described).missing())


@pytest.mark.parametrize("described", [ARCHIVE, SIMULATED, GIT])
def test_what_is_made_or_downloaded_is_not_missing(described):
    assert source_of(described).missing() == ""


def test_the_table_keeps_its_width_and_odd_names():
    path = "/data/" + "very-long-name/" * 12 + "[red] images"
    entry = inventory.Entry(f"folder {path}", "here", 3_000_000_000, datasets=("my [bold] data",))
    text = inventory.render([entry], 80)
    assert max(map(len, text.splitlines())) <= 80
    assert "my [bold] data" in text
    assert "3.0 GB" in text
    assert "[red]" in text.replace("\n", "")


@pytest.fixture
def server():
    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self):
            status = {"/a": 200, "/moved": 302, "/unsized": 200}.get(self.path, 404)
            self.send_response(405 if self.path == "/no-head" else status)
            if self.path == "/a":
                self.send_header("Content-Length", "12345")
            if self.path == "/moved":
                self.send_header("Location", "/a")
            self.end_headers()

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_a_server_is_asked_for_a_size(server):
    assert inventory.remote_size(f"{server}/a") == 12345
    assert inventory.remote_size(f"{server}/moved") == 12345
    assert inventory.remote_size(f"{server}/unsized") is None
    assert inventory.remote_size(f"{server}/no-head") is None
    with pytest.raises(OSError, match="404"):
        inventory.remote_size(f"{server}/nothing")


def test_no_server_is_an_error():
    with pytest.raises(OSError, match=r"no connection to 127\.0\.0\.1"):
        inventory.remote_size("http://127.0.0.1:9/a")
