"""Archives are read as they were meant, or refused in one line with a remedy that can help."""

import bz2
import gzip
import io
import lzma
import shutil
import struct
import tarfile
import zipfile
from collections import namedtuple

import pytest

from class_folders import files, make, pack
from manyseeds.errors import InputError
from manyseeds.sources import downloads, unpacking
from manyseeds.sources.member_names import encoding_of
from manyseeds.sources.source import source_of


def unpack(archive, out):
    return source_of({"kind": "archive", "path": str(archive)}).fetch(out)


def refused(archive, tmp_path):
    """Return the message, which is one line, begins with the file, and ends with the remedy."""
    with pytest.raises(InputError) as caught:
        unpack(archive, tmp_path / "out")
    assert not (tmp_path / "out").exists()
    message = str(caught.value)
    assert message.startswith(f"{archive}: ")
    assert message.endswith(".")
    assert "\n" not in message
    return message


# what is no archive


@pytest.mark.parametrize(
    ("start", "says"),
    [
        (b"7z\xbc\xaf\x27\x1c", "a 7z archive, which is not read"),
        (b"Rar!\x1a\x07\x01\0", "a rar archive, which is not read"),
        (bytes(0x8001) + b"CD001", "an image of a disk (iso), which is not read"),
        (b"\x28\xb5\x2f\xfd", "packed with zstd, which is not read"),
        (b"\x1f\x9d\x90", "packed with compress, which is not read"),
        (
            gzip.compress(b"one image", mtime=0),
            "a single file packed with gz, no zip or tar archive",
        ),
        (bz2.compress(b"one image"), "a single file packed with bz2, no zip or tar archive"),
        (lzma.compress(b"one image"), "a single file packed with xz, no zip or tar archive"),
    ],
)
def test_archives_of_other_kinds(tmp_path, start, says):
    (tmp_path / "x.zip").write_bytes(start if says.startswith("a single") else start + bytes(200))
    assert refused(tmp_path / "x.zip", tmp_path) == (
        f"{tmp_path}/x.zip: {says}. Unpack it and use `kind: folder`, or pack it as zip or tar."
    )


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "it is empty). Fetch it again."),
        (b"\n<!DOCTYPE html><html>", "it is a web page). Fetch the file itself, by the address of"),
        (b"<HTML><body>Sign in", "it is a web page). Fetch the file itself"),
        (b"version https://git-lfs.github.com/spec/v1\n", "it is a pointer of Git LFS). Fetch the"),
        (b'{"error": "not found"}', "it is a text, such as a server's error). Fetch the file it"),
        (b"hello", "its first bytes are those of neither). Fetch it again, or pack the images"),
    ],
)
def test_what_came_in_place_of_an_archive(tmp_path, content, says):
    (tmp_path / "x.tar.gz").write_bytes(content)
    assert f"not a whole zip or tar archive ({says}" in refused(tmp_path / "x.tar.gz", tmp_path)


def test_an_image_is_no_archive(folder, tmp_path):
    shutil.copy(folder / "a/9.png", tmp_path / "x.zip")
    assert "an image, no archive. Use `kind: folder`" in refused(tmp_path / "x.zip", tmp_path)


def test_a_download_that_is_no_archive_is_forgotten(tmp_path, monkeypatch):
    page = tmp_path / "cache" / "x.zip"
    page.parent.mkdir()
    page.write_text("<html>")
    monkeypatch.setattr(downloads, "fetch_file", lambda *_: page)
    source = source_of({"kind": "archive", "url": "https://example.org/x.zip"})
    with pytest.raises(InputError, match=r"^https://example\.org/x\.zip: .*it is a web page"):
        source.fetch(tmp_path / "out")
    assert not page.exists()


# damage


@pytest.mark.parametrize("suffix", ["zip", "tar", "tar.gz", "tar.bz2", "tar.xz"])
def test_an_archive_that_is_cut_short_anywhere(folder, tmp_path, suffix):
    whole = pack(folder, tmp_path / f"x.{suffix}", "").read_bytes()
    cut = tmp_path / f"cut.{suffix}"
    for share in (0.1, 0.3, 0.5, 0.7, 0.9):
        # Zeros end a tar archive, and Python writes more of them than it needs.
        cut.write_bytes(whole.rstrip(b"\0")[: int(len(whole.rstrip(b"\0")) * share)])
        assert "(it is cut short). Fetch it again." in refused(cut, tmp_path)


def test_a_tar_archive_that_is_cut_between_two_files(folder, tmp_path):
    archive = pack(folder, tmp_path / "x.tar", "")
    with tarfile.open(archive) as file:
        start = file.getmembers()[2].offset
    archive.write_bytes(archive.read_bytes()[:start])
    assert "(it is cut short). Fetch it again." in refused(archive, tmp_path)


@pytest.mark.parametrize("suffix", ["zip", "tar", "tar.gz"])
def test_an_archive_with_changed_bytes(folder, tmp_path, suffix):
    archive = pack(folder, tmp_path / f"x.{suffix}", "")
    data = bytearray(archive.read_bytes())
    places = {"zip": 60, "tar.gz": len(data) // 2}
    with tarfile.open(archive) if suffix == "tar" else io.BytesIO() as file:
        # In a header: of the bytes of files a tar archive has no sum.
        place = places.get(suffix) or file.getmembers()[1].offset + 3
    for number in range(8):
        data[place + number] ^= 0xFF
    archive.write_bytes(data)
    message = refused(archive, tmp_path)
    assert "not a whole zip or tar archive" in message
    assert "Fetch it again" in message


# what cannot be unpacked


def test_a_way_of_packing_that_is_not_read(folder, tmp_path):
    """As Windows packs files beyond 2 GB: only the numbers of the method are exchanged."""
    archive = pack(folder, tmp_path / "x.zip", "")
    data = bytearray(archive.read_bytes())
    for signature, place in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
        start = -1
        while (start := data.find(signature, start + 1)) >= 0:
            data[start + place : start + place + 2] = struct.pack("<H", 9)
    archive.write_bytes(data)
    says = "its member a/9.png is packed with Deflate64, which is not read. Unpack it by hand"
    assert says in refused(archive, tmp_path)


@pytest.mark.parametrize("suffix", ["zip", "tar"])
def test_more_than_the_disk_can_hold(folder, tmp_path, monkeypatch, suffix):
    archive = pack(folder, tmp_path / f"x.{suffix}", "")
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(100, 50, 50))
    says = "unpacked it has 1 MB, but"
    message = refused(archive, tmp_path)
    assert says in message
    assert message.endswith("name a folder with more of it in TMPDIR.")


@pytest.mark.parametrize("suffix", ["zip", "tar"])
def test_a_name_that_is_too_long(folder, tmp_path, suffix):
    archive = tmp_path / f"x.{suffix}"
    name = f"a/{'x' * 300}.png"
    if suffix == "zip":
        with zipfile.ZipFile(archive, "w") as file:
            file.write(folder / "a/9.png", name)
    else:
        with tarfile.open(archive, "w") as file:
            file.add(folder / "a/9.png", name)
    assert "(a member's name is too long). Unpack it by hand" in refused(archive, tmp_path)


def test_a_pipe_in_a_tar_archive(tmp_path):
    with tarfile.open(tmp_path / "x.tar", "w") as file:
        pipe = tarfile.TarInfo("a/1.png")
        pipe.type = tarfile.FIFOTYPE
        file.addfile(pipe)
    says = "its member a/1.png is no file, folder or link. Do not use it; pack the images again."
    assert says in refused(tmp_path / "x.tar", tmp_path)


def test_a_line_break_in_a_name_is_no_line_break_in_the_message(folder, tmp_path):
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as file:
        file.writestr("a/../../b\nc.png", "")
    assert r"its member 'a/../../b\nc.png' points outside" in refused(tmp_path / "x.zip", tmp_path)


# names


def test_separators_of_windows(folder, tmp_path):
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as file:
        for name in files(folder):
            file.writestr(name.replace("/", "\\"), (folder / name).read_bytes())
    table = unpack(tmp_path / "x.zip", tmp_path / "out").table
    assert table["image"].tolist() == ["a/9.png", "a/deep/10.png", "b/1.png", "b/2.png"]


def test_a_backslash_in_a_name(folder, tmp_path):
    (folder / "a/9.png").rename(folder / "a/9\\x.png")
    pack(folder, tmp_path / "x.zip", "")
    assert "a/9\\x.png" in unpack(tmp_path / "x.zip", tmp_path / "out").table["image"].tolist()


class Raw(zipfile.ZipInfo):
    """A member whose name is in an encoding that the archive does not name."""

    raw: bytes

    def _encodeFilenameFlags(self):
        return self.raw, self.flag_bits


def zip_in(encoding, folder, path):
    with zipfile.ZipFile(path, "w") as file:
        for name in files(folder):
            member = Raw(name)
            member.raw = name.encode(encoding)
            file.writestr(member, (folder / name).read_bytes())
    return path


@pytest.mark.parametrize(
    ("encoding", "classes"),
    [
        ("utf-8", ("Kälte", "対照")),
        ("cp437", ("Kälte", "Wärme")),
        ("cp437", ("5µM", "Lösung")),
        ("cp437", ("créée", "père")),
        ("cp932", ("対照", "コントロール1")),
        ("cp932", ("陽性", "ひと")),
    ],
)
def test_names_whose_encoding_is_not_said(tmp_path, caplog, encoding, classes):
    folder = make(tmp_path / "in")
    for old, new in zip("ab", classes, strict=True):
        (folder / old).rename(folder / new)
    archive = zip_in(encoding, folder, tmp_path / "x.zip")
    table = unpack(archive, tmp_path / "out").table
    assert set(table["class"]) == set(classes)
    # What is not certain is said.
    assert any(f"read as {encoding}" in line for line in caplog.messages) is (encoding != "utf-8")


def test_names_in_a_tar_archive_that_are_no_utf8(folder, tmp_path, caplog):
    (folder / "a").rename(folder / "Kälte")
    with tarfile.open(
        tmp_path / "x.tar", "w", encoding="cp1252", format=tarfile.GNU_FORMAT
    ) as file:
        file.add(folder, "")
    table = unpack(tmp_path / "x.tar", tmp_path / "out").table
    assert set(table["class"]) == {"Kälte", "b"}
    assert "read as cp1252" in caplog.messages[0]


def test_one_odd_name_does_not_make_the_others_japanese():
    assert encoding_of(["été".encode("cp437"), b"a"], "cp437") == "cp437"
    assert encoding_of(["½x".encode("cp437")], "cp437") == "cp437"
    assert encoding_of([b"a", b"b"], "cp437") == "utf-8"
    assert encoding_of(["写真".encode("cp932"), b"a"], "cp437") == "cp932"


def test_an_archive_is_told_by_its_bytes(folder, tmp_path):
    pack(folder, tmp_path / "x.tar.gz", "").rename(tmp_path / "x.zip")
    (tmp_path / "out").mkdir()
    unpacking.unpack(tmp_path / "x.zip", tmp_path / "out")
    assert files(tmp_path / "out") == files(folder)
