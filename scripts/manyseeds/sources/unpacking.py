"""Unpacking zip and tar archives, and saying what a file is that is neither."""

import bz2
import errno
import gzip
import logging
import lzma
import shutil
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import IO

from manyseeds.errors import InputError
from manyseeds.machine import disks
from manyseeds.sources.member_names import encoding_of

logger = logging.getLogger(__name__)

DAMAGED = (
    tarfile.TarError, zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, RuntimeError,
    ValueError, OverflowError, LookupError, struct.error,
)  # fmt: skip
DO_NOT_USE = "Do not use it; pack the images again."
BY_HAND = "Unpack it by hand, and use `kind: folder` with its `path`."
REPACK = "Unpack it and use `kind: folder`, or pack it as zip or tar."
FETCH_AGAIN = "Fetch it again."
ENCRYPTED = 1
"""The bit of a zip member's flags (APPNOTE.TXT, 4.4.4), as is the next."""
UTF8 = 0x800
METHODS = {0, 8, 12, 14}
"""Of compression, which zipfile reads (APPNOTE.TXT, 4.4.5)."""
METHOD_NAMES = {9: "Deflate64", 93: "Zstandard", 95: "XZ", 98: "PPMd"}
CUT = {"unexpected end of data", "empty header", "truncated header"}
"""What tarfile says of an archive that ends too early."""
BLOCK = 512
"""Bytes of a header in a tar archive."""
CHUNK = 2**20
OTHERS = {
    (0, b"7z\xbc\xaf\x27\x1c"): "a 7z archive",
    (0, b"Rar!\x1a\x07"): "a rar archive",
    (0x8001, b"CD001"): "an image of a disk (iso)",
    (0, b"\x28\xb5\x2f\xfd"): "packed with zstd",
    (0, b"\x04\x22\x4d\x18"): "packed with lz4",
    (0, b"LZIP"): "packed with lzip",
    (0, b"\x1f\x9d"): "packed with compress",
    (0, b"MSCF\0\0\0\0"): "a cab archive",
    (0, b"xar!"): "a xar archive",
    (0, b"!<arch>\n"): "an ar archive",
    (0, b"\x89HDF\r\n\x1a\n"): "an HDF5 file",
    (0, b"%PDF-"): "a PDF file",
}
"""What is not read, by a place in the file and the bytes there."""
IMAGES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"II*\0", b"MM\0*", b"GIF8", b"BM")
PACKED = {b"\x1f\x8b": "gz", b"BZh": "bz2", b"\xfd7zXZ\0": "xz"}
"""How a tar archive may be packed, by the first bytes."""


class Damaged(Exception):
    """The archive is not whole; another copy may be. Arguments: the fault, and the remedy."""

    def __init__(self, fault: object, remedy: str = FETCH_AGAIN) -> None:
        # Some faults have several lines, and the complaints of each method tried.
        super().__init__(" ".join(str(fault).split()), remedy)
        self.fault, self.remedy = self.args


def unpack(archive: Path, folder: Path) -> None:
    """Unpack a zip or tar archive.

    Parameters
    ----------
    archive : path
        Told by its first bytes, whatever its name. A tar archive may be packed with gzip, bzip2
        or xz.
    folder : path
        Empty; gets the files.

    Raises
    ------
    Damaged
        It is cut short or damaged, or a web page or the like in place of an archive.
    InputError
        It is a file of another kind; has members that point outside of it, need a password or
        are packed in a way that is not read; or is larger, unpacked, than the disk has space for.
    """
    try:
        how = _kind_of(archive)
        (_unpack_zip if how == "zip" else _unpack_tar)(archive, folder, how)
    except InputError:
        raise
    except tarfile.FilterError as error:
        special = isinstance(error, tarfile.SpecialFileError)
        fault = "is no file, folder or link" if special else "points outside"
        shown = _shown(error.tarinfo.name)
        raise InputError(f"{archive}: its member {shown} {fault}. {DO_NOT_USE}") from error
    except EOFError as error:
        raise Damaged("it is cut short") from error
    except DAMAGED as error:
        cut = str(error) in CUT
        raise Damaged("it is cut short" if cut else error, _remedy(cut)) from error
    except OSError as error:
        # gzip and bzip2 have no errors of their own; those of the system have a number.
        if error.errno is None:
            raise Damaged(error, _remedy(cut=False)) from error
        if error.errno in disks.FULL:
            raise
        what = error.strerror
        if error.errno == errno.ENAMETOOLONG:
            what = "a member's name is too long"
        raise InputError(f"{archive}: cannot be unpacked ({what}). {BY_HAND}") from error


def _remedy(cut: bool) -> str:
    return FETCH_AGAIN if cut else "Fetch it again, or pack the images again."


def _kind_of(archive: Path) -> str:
    """Return "zip", "tar", or by what the tar archive is packed: "gz", "bz2" or "xz"."""
    with archive.open("rb") as file:
        head = file.read(0x8001 + 5)
    if not head:
        raise Damaged("it is empty")
    if _is_tar(head):
        return "tar"
    for start, how in PACKED.items():
        if head.startswith(start):
            with _opened(archive, how) as file:
                within = file.read(BLOCK)
            if _is_tar(within):
                return how
            raise InputError(
                f"{archive}: a single file packed with {how}, no zip or tar archive. {REPACK}"
            )
    if zipfile.is_zipfile(archive):
        return "zip"
    if head.startswith(b"PK"):
        raise Damaged("it is cut short")
    for (place, start), what in OTHERS.items():
        if head[place : place + len(start)] == start:
            raise InputError(f"{archive}: {what}, which is not read. {REPACK}")
    if head.startswith(IMAGES):
        raise InputError(
            f"{archive}: an image, no archive. Use `kind: folder` with the folder of the images as "
            "`path`."
        )
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if text.startswith((b"<!doctype html", b"<html")):
        fault = "it is a web page"
    elif text.startswith(b"version https://git-lfs"):
        fault = "it is a pointer of Git LFS"
    elif text.startswith((b"<?xml", b"{", b"<error")):
        fault = "it is a text, such as a server's error"
    else:
        raise Damaged("its first bytes are those of neither", _remedy(cut=False))
    raise Damaged(fault, "Fetch the file itself, by the address of its download.")


def _opened(archive: Path, how: str) -> IO[bytes] | gzip.GzipFile:
    """Open a tar archive, unpacked as it is read."""
    if how == "gz":
        return gzip.open(archive)
    if how == "bz2":
        return bz2.open(archive)
    return lzma.open(archive) if how == "xz" else archive.open("rb")


def _is_tar(head: bytes) -> bool:
    """Tell whether bytes begin with a header of a tar archive, by its checksum."""
    try:
        tarfile.TarInfo.frombuf(head[:BLOCK], "utf-8", "surrogateescape")
    except tarfile.TarError:
        return False
    return True


def _unpack_zip(archive: Path, folder: Path, _: str) -> None:
    with zipfile.ZipFile(archive) as file:
        members = file.infolist()
        _rename(archive, members)
        for member in members:
            _check_member(archive, member)
        _check_space(archive, sum(member.file_size for member in members), folder)
        # As they are named now, not by the names that the file knows.
        file.extractall(folder, members)


def _rename(archive: Path, members: Iterable[zipfile.ZipInfo]) -> None:
    """Give the members of a zip archive the names that were meant."""
    unsaid = [member for member in members if not member.flag_bits & UTF8]
    # zipfile takes them for cp437, in which any byte means something.
    encoding = encoding_of((member.filename.encode("cp437") for member in unsaid), "cp437")
    for member in unsaid:
        member.filename = member.filename.encode("cp437").decode(encoding)
    _tell_of_encoding(archive, encoding, [member.filename for member in unsaid])
    # .NET on Windows writes them so, against the standard (APPNOTE.TXT, 4.4.17).
    if not any("/" in member.filename for member in members):
        for member in members:
            member.filename = member.filename.replace("\\", "/")


def _check_member(archive: Path, member: zipfile.ZipInfo) -> None:
    """Raise if a member of a zip archive points outside, is a link, or cannot be unpacked."""
    path = PurePosixPath(member.filename.replace("\\", "/"))
    known = f"{archive}: its member {_shown(member.filename)}"
    if path.is_absolute() or ".." in path.parts:
        raise InputError(f"{known} points outside. {DO_NOT_USE}")
    # The upper half is the file's mode where the archive was made on Unix.
    if stat.S_ISLNK(member.external_attr >> 16):
        raise InputError(f"{known} is a link. {DO_NOT_USE}")
    if member.flag_bits & ENCRYPTED:
        raise InputError(f"{known} needs a password. {BY_HAND}")
    if member.compress_type not in METHODS:
        number = member.compress_type
        method = METHOD_NAMES.get(number, f"method {number}")
        raise InputError(f"{known} is packed with {method}, which is not read. {BY_HAND}")


def _unpack_tar(archive: Path, folder: Path, how: str) -> None:
    # Opened here: tarfile takes whatever is cut short for a file that is not packed.
    with _opened(archive, how) as stream, tarfile.open(fileobj=stream, mode="r:") as file:
        size = 0
        for member in file:
            size += member.size if member.isreg() else 0
            # At once: to read on through what claims a huge size may take hours.
            _check_space(archive, size, folder)
        _check_end(file)
        odd = [member.name for member in file if _is_undecoded(member.name)]
        raw = [name.encode("utf-8", "surrogateescape") for name in odd]
        encoding = encoding_of(raw, "cp1252")

        def renamed(member: tarfile.TarInfo, path: str) -> tarfile.TarInfo:
            return _checked(member, path, encoding)

        _tell_of_encoding(archive, encoding, [name.decode(encoding, "replace") for name in raw])
        file.extractall(folder, filter=renamed)


def _check_end(file: tarfile.TarFile) -> None:
    """Raise unless a tar archive ends with zeros: tarfile takes any damage for its end."""
    assert file.fileobj is not None
    file.fileobj.seek(file.offset)
    end = file.fileobj.read(BLOCK)
    if len(end) < BLOCK:
        raise Damaged("it is cut short")
    if any(end):
        raise Damaged("a header in it is damaged", _remedy(cut=False))
    # To the end, where the checksum of gzip is.
    while file.fileobj.read(CHUNK):
        pass


def _checked(member: tarfile.TarInfo, folder: str, encoding: str) -> tarfile.TarInfo:
    """Return a member of a tar archive, or raise if it points outside.

    Links within the archive stay, as tar makes them of files that are linked or alike.
    """
    # The filter would cut the slash off and unpack the rest.
    if member.name.startswith("/"):
        raise tarfile.AbsolutePathError(member)
    names = {
        key: name.encode("utf-8", "surrogateescape").decode(encoding, "surrogateescape")
        for key, name in (("name", member.name), ("linkname", member.linkname))
        if _is_undecoded(name)
    }
    return tarfile.data_filter(member.replace(**names, deep=False), folder)  # type: ignore[arg-type]


def _is_undecoded(name: str) -> bool:
    """Tell whether a name has bytes that are no UTF-8, which Python keeps as half surrogates."""
    return any("\udc80" <= letter <= "\udcff" for letter in name)


def _check_space(archive: Path, size: int, folder: Path) -> None:
    free = shutil.disk_usage(folder).free
    if size > free:
        raise InputError(
            f"{archive}: unpacked it has {disks.megabytes(size)}, but {folder.parent} has "
            f"{disks.megabytes(free)} free. {disks.FREE_SCRATCH}"
        )


def _tell_of_encoding(archive: Path, encoding: str, names: Iterable[str]) -> None:
    """Log in which encoding names were read, if another could have been meant."""
    odd = next((name for name in names if not name.isascii()), None)
    if odd and encoding != "utf-8":
        logger.warning(
            f"{archive}: it does not say how its names are encoded. They are read as {encoding}, "
            f"such as {_shown(odd)}. If that is wrong: {BY_HAND[0].lower()}{BY_HAND[1:]}"
        )


def _shown(name: str) -> str:
    """Return a name as it can stand on a line."""
    return name if name.isprintable() else ascii(name)
