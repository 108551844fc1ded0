import hashlib
import io
import tarfile
import zipfile

import pytest

from class_folders import files, pack
from manyseeds.errors import InputError
from manyseeds.sources import class_folders
from manyseeds.sources.source import source_of


def unpack(archive, out, on_bad_image="stop", **keys):
    source = source_of({"kind": "archive", "path": str(archive)} | keys)
    return source.fetch(out, on_bad_image=on_bad_image)


@pytest.mark.parametrize("suffix", ["zip", "tar", "tar.gz", "tar.xz"])
def test_an_archive_gives_what_its_folder_gives(folder, tmp_path, suffix):
    (folder / "a" / ".DS_Store").write_bytes(b"x")
    archive = pack(folder, tmp_path / f"x.{suffix}", "top/")
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    table, phantoms, skipped = unpack(
        archive, tmp_path / "out", inside="top", sha256=digest.upper()
    )
    assert table.equals(class_folders.describe_folder(folder).table)
    assert len(skipped) == 0
    assert files(tmp_path / "out") == table["image"].tolist()
    assert phantoms == 1


def breaks_unpacking(archive, tmp_path, message, **keys):
    with pytest.raises(InputError, match=message) as caught:
        unpack(archive, tmp_path / "out", **keys)
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


def test_an_archive_with_a_password(folder, tmp_path):
    """As of a program that encrypts: the flag is set in the list of members and before each."""
    archive = pack(folder, tmp_path / "x.zip", "")
    data = bytearray(archive.read_bytes())
    for signature, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        start = -1
        while (start := data.find(signature, start + 1)) >= 0:
            data[start + place] |= 1
    archive.write_bytes(data)
    breaks_unpacking(
        archive, tmp_path, r"x\.zip: its member a/9\.png needs a password.*by hand.*`kind: folder`"
    )


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
    message = breaks_unpacking(
        archive, tmp_path, r"only \(top\), .* a and b\. .*`source\.inside: top`"
    )
    assert message.startswith(str(archive))
    # The remedy helps.
    assert len(unpack(archive, tmp_path / "out", inside="top").table) == 4


def add(archive, name, data=b"", link=None):
    """Write an archive of one member, which may be a link."""
    archive.parent.mkdir()
    if archive.suffix == ".zip":
        with zipfile.ZipFile(archive, "w") as file:
            info = zipfile.ZipInfo(name)
            # As the program zip writes a link: its target is the content.
            info.external_attr = (0o120777 if link else 0o100644) << 16
            file.writestr(info, link or data)
    else:
        with tarfile.open(archive, "w") as file:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            if link:
                info.type, info.linkname = tarfile.SYMTYPE, link
            file.addfile(info, io.BytesIO(data))
    return archive


@pytest.mark.parametrize("suffix", ["zip", "tar"])
@pytest.mark.parametrize("member", ["../evil.png", "a/../../evil.png", "/tmp/evil.png"])
def test_members_that_point_outside_are_refused(folder, tmp_path, suffix, member):
    archive = add(tmp_path / "in" / f"x.{suffix}", member, (folder / "a/9.png").read_bytes())
    breaks_unpacking(archive, tmp_path, r"x\.(zip|tar): .*evil\.png.*Do not use it")


@pytest.mark.parametrize("suffix", ["zip", "tar"])
@pytest.mark.parametrize("target", ["../../secret.png", "/etc/passwd"])
def test_links_that_point_outside_are_refused(tmp_path, suffix, target):
    archive = add(tmp_path / "in" / f"x.{suffix}", "a/evil.png", link=target)
    breaks_unpacking(archive, tmp_path, r"x\.(zip|tar): .*evil\.png.*Do not use it")


def test_links_within_a_tar_archive_are_followed(folder, tmp_path):
    (folder / "a/8.png").symlink_to("9.png")
    archive = pack(folder, tmp_path / "x.tar", "")
    table, _, _ = unpack(archive, tmp_path / "out")
    assert table["maximum"].tolist() == [30, 30, 40, 20, 10]


def test_links_in_a_circle_are_named(folder, tmp_path):
    (folder / "a/x.png").symlink_to("y.png")
    (folder / "a/y.png").symlink_to("x.png")
    with tarfile.open(tmp_path / "x.tar", "w") as file:
        file.add(folder, ".")
    message = breaks_unpacking(tmp_path / "x.tar", tmp_path, r"a/x\.png: cannot be read \(Too many")
    assert message.startswith(f"{tmp_path}/x.tar/a/x.png")


def test_what_was_skipped_in_an_archive(folder, tmp_path):
    (folder / "a/9.png").write_bytes(b"")
    archive = pack(folder, tmp_path / "x.zip", "")
    skipped = unpack(archive, tmp_path / "out", on_bad_image="skip").skipped
    assert skipped.to_numpy().tolist() == [["a/9.png", "the file is empty"]]
