"""TIFF files written after the TIFF 6.0 specification, where no library writes them."""

import struct

import numpy as np

SHORT, LONG = 3, 4
_CODES = {SHORT: "H", LONG: "I"}


def packed(array, bits):
    """Return rows of values of any number of bits, high bit first, each row in whole bytes."""
    rows = []
    for row in array.reshape(len(array), -1):
        text = "".join(format(int(value), f"0{bits}b") for value in row)
        text += "0" * (-len(text) % 8)
        rows.append(int(text, 2).to_bytes(len(text) // 8, "big"))
    return b"".join(rows)


def one_page(data, shape, bits, photometric=1, order="<", tags=()):
    """Return a TIFF of one page and one strip.

    Parameters
    ----------
    data : bytes
        The strip.
    shape : tuple of int
        (height, width) or (height, width, samples).
    bits : int
        Of a sample.
    photometric : int
        0 white is zero, 1 black is zero, 2 RGB, 3 palette, ...
    order : "<" or ">"
        The order of bytes.
    tags : iterable of (code, values)
        More of them, of whole numbers below 65 536, or of bytes.
    """
    height, width, samples = (*shape, 1)[:3]
    fields = {
        256: (SHORT, [width]),
        257: (SHORT, [height]),
        258: (SHORT, [bits] * samples),
        259: (SHORT, [1]),
        262: (SHORT, [photometric]),
        273: (LONG, [0]),
        277: (SHORT, [samples]),
        278: (SHORT, [height]),
        279: (LONG, [len(data)]),
        **{code: (SHORT, values) for code, values in tags if not isinstance(values, bytes)},
    }
    texts = {code: value for code, value in tags if isinstance(value, bytes)}
    beyond = 8 + 2 + 12 * (len(fields) + len(texts)) + 4
    entries, more = {}, b""
    for code, text in texts.items():
        assert len(text) > 4
        entries[code] = struct.pack(order + "HHII", code, 2, len(text), beyond + len(more))
        more += text
    for code, (kind, values) in fields.items():
        raw = struct.pack(f"{order}{len(values)}{_CODES[kind]}", *values)
        head = struct.pack(order + "HHI", code, kind, len(values))
        if len(raw) > 4:
            head, raw = head + struct.pack(order + "I", beyond + len(more)), more + raw
            more, raw = raw, b""
        entries[code] = head + raw.ljust(12 - len(head), b"\0")
    entries[273] = struct.pack(order + "HHII", 273, LONG, 1, beyond + len(more))
    mark = b"II" if order == "<" else b"MM"
    start = mark + struct.pack(order + "HIH", 42, 8, len(entries))
    return start + b"".join(entries[code] for code in sorted(entries)) + bytes(4) + more + data


def random(shape, dtype, seed=0):
    """Return random values over the whole range of a dtype; floats from 0 to 1."""
    rng, dtype = np.random.default_rng(seed), np.dtype(dtype)
    if dtype.kind == "f":
        return rng.random(shape).astype(dtype)
    if dtype.kind == "b":
        return rng.random(shape) < 0.5
    ends = np.iinfo(dtype)
    return rng.integers(ends.min, ends.max, shape, dtype, endpoint=True)
