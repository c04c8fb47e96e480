"""Which cells of an old .xls hold formulas: the library that reads its values does not say, and takes texts of formulas for zero.

An .xls is a small file system (OLE compound file) with one stream of records (BIFF8). Only what is needed of both is read here.
"""

import struct

SECTOR_AT, MINI_AT = 30, 32
END, FREE = 0xFFFFFFFE, 0xFFFFFFFF
NAMES = ("Workbook", "Book")
BOF, EOF, SHEET, FORMULA = 0x0809, 0x000A, 0x0085, 0x0006


def formulas(data):
    """[{(row, column), …}] for each sheet in its order, both counted from 0. ValueError or struct.error if the file is damaged."""
    stream = workbook_stream(data)
    starts, found = [], {}
    at, current = 0, None
    while at + 4 <= len(stream):
        kind, length = struct.unpack_from("<HH", stream, at)
        body = at + 4
        if kind == BOF:
            current = at
        elif kind == EOF:
            current = None
        elif kind == SHEET and length >= 8:
            starts.append(struct.unpack_from("<I", stream, body)[0])
        elif kind == FORMULA and current is not None and length >= 4:
            found.setdefault(current, set()).add(struct.unpack_from("<HH", stream, body))
        at = body + length
    return [found.get(start, set()) for start in starts]


def workbook_stream(data):
    """The bytes of the stream that holds the workbook."""
    size = 1 << struct.unpack_from("<H", data, SECTOR_AT)[0]
    mini_size = 1 << struct.unpack_from("<H", data, MINI_AT)[0]
    if size not in (512, 4096):
        raise ValueError("sector size")
    directory_at, mini_below, mini_fat_at = struct.unpack_from("<I4xII", data, 48)
    table = allocation(data, size)

    def chain(start):
        return b"".join(data[(n + 1) * size : (n + 2) * size] for n in follow(table, start))

    directory = chain(directory_at)
    entries = [
        entry for entry in (directory[at : at + 128] for at in range(0, len(directory), 128)) if len(entry) == 128
    ]
    for entry in entries:
        if name_of(entry) in NAMES:
            start, length = struct.unpack_from("<II", entry, 116)
            if length >= mini_below:
                return chain(start)[:length]
            mini_table = struct.unpack(f"<{len(raw := chain(mini_fat_at)) // 4}I", raw)
            small = chain(struct.unpack_from("<I", entries[0], 116)[0])
            parts = (small[n * mini_size : (n + 1) * mini_size] for n in follow(mini_table, start))
            return b"".join(parts)[:length]
    raise ValueError("no workbook")


def allocation(data, size):
    """Which sector follows which."""
    first, more, number = struct.unpack_from("<76x109I", data, 0), *struct.unpack_from("<II", data, 68)
    sectors = [n for n in first if n not in (END, FREE)]
    for _n in range(number):
        block = struct.unpack_from(f"<{size // 4}I", data, (more + 1) * size)
        sectors += [n for n in block[:-1] if n not in (END, FREE)]
        more = block[-1]
    return [n for at in sectors for n in struct.unpack_from(f"<{size // 4}I", data, (at + 1) * size)]


def follow(table, start):
    """The sectors of a stream; ValueError for a chain that bites its own tail."""
    seen = 0
    while start not in (END, FREE):
        yield start
        seen += 1
        if seen > len(table):
            raise ValueError("endless chain")
        start = table[start]


def name_of(entry):
    length = struct.unpack_from("<H", entry, 64)[0]
    return entry[: max(length - 2, 0)].decode("utf-16-le", "replace")
