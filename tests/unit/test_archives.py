import hashlib
import io
import tarfile
import zipfile

import pytest

from class_folders import files, make
from manyseeds import archives, sources
from manyseeds.errors import InputError


@pytest.fixture
def folder(tmp_path):
    return make(tmp_path / "photos")


def pack(folder, archive, top):
    if archive.suffix == ".zip":
        with zipfile.ZipFile(archive, "w") as file:
            for name in files(folder):
                file.write(folder / name, f"{top}{name}")
    else:
        with tarfile.open(archive, "w:" + archive.suffix[1:].replace("tar", "")) as file:
            for name in files(folder):
                file.add(folder / name, f"{top}{name}")
    return archive


@pytest.mark.parametrize("suffix", ["zip", "tar", "tar.gz", "tar.xz"])
def test_an_archive_gives_what_its_folder_gives(folder, tmp_path, suffix):
    (folder / "a" / ".DS_Store").write_bytes(b"x")
    archive = pack(folder, tmp_path / f"x.{suffix}", "top/")
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    table, phantoms = archives.unpack_archive(
        archive, tmp_path / "out", inside="top", sha256=digest.upper()
    )
    assert table.equals(sources.describe_folder(folder)[0])
    assert files(tmp_path / "out") == table["image"].tolist()
    assert phantoms == 1


def breaks_unpacking(archive, tmp_path, message, **options):
    with pytest.raises(InputError, match=message) as caught:
        archives.unpack_archive(archive, tmp_path / "out", **options)
    assert not (tmp_path / "out").exists()
    return str(caught.value)


def test_a_wrong_checksum(folder, tmp_path):
    archive = pack(folder, tmp_path / "x.zip", "")
    breaks_unpacking(
        archive,
        tmp_path,
        r"x\.zip: its sha256 checksum is wrong.*`source\.sha256`",
        sha256="0" * 64,
    )


def test_a_missing_archive(tmp_path):
    breaks_unpacking(tmp_path / "gone.zip", tmp_path, r"gone\.zip: no such file.*`source\.path`")


def test_a_cut_archive(folder, tmp_path):
    archive = pack(folder, tmp_path / "x.tar.gz", "")
    archive.write_bytes(archive.read_bytes()[:-200])
    breaks_unpacking(archive, tmp_path, r"x\.tar\.gz: not a whole zip or tar archive")


def test_an_archive_of_text(tmp_path):
    (tmp_path / "x.zip").write_text("hello")
    breaks_unpacking(tmp_path / "x.zip", tmp_path, r"x\.zip: not a whole zip or tar archive")


def test_a_wrong_folder_inside(folder, tmp_path):
    archive = pack(folder, tmp_path / "x.zip", "top/")
    breaks_unpacking(
        archive, tmp_path, r"has no folder 'bottom'.*`source\.inside`", inside="bottom"
    )


def test_a_forgotten_folder_inside_is_hinted_at(folder, tmp_path):
    archive = pack(folder, tmp_path / "x.zip", "top/")
    message = breaks_unpacking(archive, tmp_path, r"one class only \(top\).*`source\.inside`")
    assert message.startswith(str(archive))


@pytest.mark.parametrize("suffix", ["zip", "tar"])
@pytest.mark.parametrize("member", ["../evil.png", "a/../../evil.png"])
def test_members_that_point_outside_are_refused(folder, tmp_path, suffix, member):
    archive = tmp_path / "in" / f"x.{suffix}"
    archive.parent.mkdir()
    data = (folder / "a/9.png").read_bytes()
    if suffix == "zip":
        with zipfile.ZipFile(archive, "w") as file:
            file.writestr(member, data)
    else:
        with tarfile.open(archive, "w") as file:
            info = tarfile.TarInfo(member)
            info.size = len(data)
            file.addfile(info, io.BytesIO(data))
    breaks_unpacking(archive, tmp_path, r"evil\.png.*Do not use it")


def test_an_address_that_does_not_answer(tmp_path):
    # Port 9 of this machine, "discard", has no listener.
    breaks_unpacking(
        "http://127.0.0.1:9/x.zip", tmp_path, r"x\.zip: cannot be downloaded", cache=tmp_path
    )


def test_an_archive_is_downloaded_and_checked(folder, tmp_path):
    import threading
    from functools import partial
    from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

    pack(folder, tmp_path / "x.zip", "")
    handler = partial(SimpleHTTPRequestHandler, directory=tmp_path)
    handler.func.log_message = lambda *_: None
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/x.zip"
        breaks_unpacking(url, tmp_path, "checksum is wrong", sha256="0" * 64, cache=tmp_path / "c")
        digest = hashlib.sha256((tmp_path / "x.zip").read_bytes()).hexdigest()
        table, _ = archives.unpack_archive(
            url, tmp_path / "out", sha256=digest, cache=tmp_path / "c"
        )
        server.shutdown()
    assert table["image"].tolist() == files(folder)
