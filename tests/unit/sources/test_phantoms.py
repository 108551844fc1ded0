"""What systems, drives and programs leave among images is left out, counted and named."""

import pytest

from class_folders import breaks, save
from manyseeds.sources import class_folders
from manyseeds.sources.phantoms import is_phantom

# Of Synology, QNAP, NetApp, Windows, Linux, macOS, Picasa, browsers, Office, rsync and others, as
# their makers' pages name them.
FOLDERS = [
    "@eaDir", "#recycle", "#snapshot", "@Recycle", "@Recently-Snapshot", ".@__thumb", "~snapshot",
    "$RECYCLE.BIN", "System Volume Information", "lost+found", ".Trash-1000", ".Trashes",
    ".AppleDouble", "__MACOSX", ".thumbnails", ".ipynb_checkpoints", ".git", ".svn",
    ".dropbox.cache", ".stfolder", ".picasaoriginals",
]  # fmt: skip
FILES = [
    ".DS_Store", "._a.png", "Thumbs.db", "THUMBS.DB", "Thumbs.db:encryptable", "ehthumbs.db",
    "desktop.ini", "Icon\r", "Picasa.ini", ".picasa.ini", "~$fields.xlsx", ".01.png.x8Kd3a",
    "a.tif.part", "a.tif.crdownload", "a.png:Zone.Identifier", ".nfs000001",
]  # fmt: skip
KEPT = [".5uM/1.png", ".25/1.png", ".5uM_1.png", "@37C/1.png", "recycled/1.png", "part/1.png"]
KEPT += ["tmp/1.png", "snapshot/1.png", "a.git/1.png", "#1/1.png", "~1/1.png", "$5/1.png"]


@pytest.mark.parametrize("name", FOLDERS)
def test_phantom_folders(name):
    assert is_phantom(f"a/{name}/1.png")
    assert is_phantom(f"a/{name.upper()}/1.png")


@pytest.mark.parametrize("name", FILES)
def test_phantom_files(name):
    assert is_phantom(f"a/{name}")


@pytest.mark.parametrize("path", KEPT)
def test_what_is_no_phantom(path):
    assert not is_phantom(path)


def put(folder):
    """Lay phantoms among four images: in both classes, beside them, and within a phantom."""
    for name in ("a/@eaDir/9.png/THUMB_M.jpg", "b/@eaDir/1.png/THUMB_M.jpg", ".old/x/1.png"):
        save(folder / name)
    for name in (".DS_Store", "a/.DS_Store", "a/._9.png", "b/._1.png", ".old/list.txt"):
        (folder / name).write_bytes(b"x")


@pytest.mark.parametrize("options", [{}, {"class_pattern": "^([ab])/"}])
def test_all_that_is_left_out_is_counted_and_named(folder, caplog, options):
    caplog.set_level("INFO", "manyseeds")
    put(folder)
    table, phantoms, _ = class_folders.describe_folder(folder, **options)
    assert len(table) == 4
    # A hidden folder may have been meant for a class: its images are counted.
    said = "left out: .old (1 image), @eaDir (2 files), .DS_Store (2), ._* (2)"
    assert caplog.messages == [said]
    assert phantoms == 8


def test_many_names_are_cut_short(folder, caplog):
    caplog.set_level("INFO", "manyseeds")
    for number in range(30):
        (folder / f"a/.note{number:02d}").write_bytes(b"x")
    class_folders.describe_folder(folder)
    assert caplog.messages[0].startswith("left out: .note00 (1), .note01 (1)")
    assert caplog.messages[0].endswith(".note11 (1), and 18 other names")


def test_a_class_that_is_hidden_is_spoken_of(folder, tmp_path):
    (folder / "a").rename(folder / ".control")
    breaks(
        folder,
        tmp_path,
        r"classes: a folder named \.control is left out.* Rename",
        classes=[".control", "b"],
    )


def test_doses_are_classes(tmp_path):
    for name in ("0uM", ".5uM", "1uM"):
        save(tmp_path / "in" / name / "1.png")
    table, phantoms, _ = class_folders.copy_folder(tmp_path / "in", tmp_path / "out")
    assert table["class"].tolist() == [".5uM", "0uM", "1uM"]
    assert phantoms == 0
