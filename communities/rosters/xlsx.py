"""The rows of an .xlsx as a stream: in a fraction of the time that openpyxl takes, and with no more than a piece of it in memory.

openpyxl reads the parts that say what there is (content types, workbook, styles); cells and shared strings go through expat here. The
archive must have been looked through by `foundation.workbooks.check`: no document types, no entities, sizes within limits.
"""

from xml.parsers import expat

from openpyxl.reader.excel import ExcelReader
from openpyxl.styles.stylesheet import apply_stylesheet
from openpyxl.utils import column_index_from_string
from openpyxl.utils.datetime import from_excel

PIECE = 256 * 1024
SHARED_STRINGS = "application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
DIGITS = "0123456789"


class Package:
    """What an .xlsx says about itself: `sheets` as [(name, state, path of its part)]."""

    def __init__(self, file):
        reader = ExcelReader(file, read_only=True, keep_links=False)
        reader.read_manifest()
        reader.read_workbook()
        apply_stylesheet(reader.archive, reader.wb)
        self.archive, self.book = reader.archive, reader.wb
        self.dates, self.epoch = set(reader.wb._date_formats), reader.wb.epoch
        strings = reader.package.find(SHARED_STRINGS)
        self.strings_path = strings.PartName[1:] if strings is not None else ""
        self.sheets = [
            (sheet.name, sheet.state or "visible", rel.target)
            for sheet, rel in reader.parser.find_sheets()
            if "chartsheet" not in rel.Type and rel.target in reader.valid_files
        ]
        self._strings = None

    def close(self):
        self.archive.close()

    @property
    def strings(self):
        """The shared texts, in the order of their numbers; read once."""
        if self._strings is None:
            self._strings = list(self.parse(self.strings_path, Strings())) if self.strings_path else []
        return self._strings

    def rows(self, path, formula, broken):
        """(number, [values]) of every row that is written; `formula` and `broken` stand for cells of these kinds."""
        return self.parse(path, Rows(self.strings, self.dates, self.epoch, formula, broken))

    def parse(self, path, handler):
        """What the handler collects, piece by piece."""
        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartElementHandler = handler.start
        parser.EndElementHandler = handler.end
        parser.CharacterDataHandler = handler.text
        with self.archive.open(path) as part:
            while piece := part.read(PIECE):
                parser.Parse(piece)
                found, handler.found = handler.found, []
                yield from found
        parser.Parse(b"", True)
        yield from handler.found


class Collector:
    """Collects the text of the elements that matter; `found` is emptied by whoever reads it."""

    def __init__(self):
        self.found, self.pieces, self.in_reading = [], None, False

    def text(self, data):
        if self.pieces is not None:
            self.pieces.append(data)

    def taken(self):
        text = "".join(self.pieces or ())
        self.pieces = None
        return text


class Strings(Collector):
    """Shared strings: <si> with one <t>, or several in runs; the reading aid <rPh> of East Asian texts is no part of it."""

    def start(self, name, attributes):
        name = name.rpartition(":")[2]
        if name == "si":
            self.whole = []
        elif name == "rPh":
            self.in_reading = True
        elif name == "t" and not self.in_reading:
            self.pieces = []

    def end(self, name):
        name = name.rpartition(":")[2]
        if name == "t" and not self.in_reading:
            self.whole.append(self.taken())
        elif name == "rPh":
            self.in_reading = False
        elif name == "si":
            self.found.append("".join(self.whole))


class Rows(Collector):
    def __init__(self, strings, dates, epoch, formula, broken):
        super().__init__()
        self.strings, self.dates, self.epoch = strings, dates, epoch
        self.formula, self.broken = formula, broken
        self.number, self.values, self.columns = 0, [], {}

    def start(self, name, attributes):
        name = name.rpartition(":")[2]
        if name == "c":
            self.begin_cell(attributes)
        elif name == "v":
            self.pieces = []
        elif name == "row":
            self.number = int(attributes.get("r") or self.number + 1)
            self.values = []
        elif name == "f":
            self.has_formula = True
        elif name == "t" and not self.in_reading:
            self.pieces = []
        elif name == "rPh":
            self.in_reading = True

    def end(self, name):
        name = name.rpartition(":")[2]
        if name == "v":
            self.written = self.taken()
        elif name == "c":
            self.end_cell()
        elif name == "row":
            self.found.append((self.number, self.values))
        elif name == "t" and not self.in_reading and self.pieces is not None:
            self.written = (self.written or "") + self.taken()
        elif name == "rPh":
            self.in_reading = False

    def begin_cell(self, attributes):
        self.kind, self.style = attributes.get("t", "n"), attributes.get("s")
        self.has_formula, self.written, self.pieces = False, None, None
        letters = attributes.get("r", "").rstrip(DIGITS)
        column = self.columns.get(letters)
        if column is None:
            column = column_index_from_string(letters) if letters else len(self.values) + 1
            if letters:
                self.columns[letters] = column
        self.at = column

    def end_cell(self):
        values, missing = self.values, self.at - 1 - len(self.values)
        if missing > 0:
            values.extend([None] * missing)
        values.append(self.value())

    def value(self):
        if self.has_formula:
            return self.formula
        kind, written = self.kind, self.written
        if written is None or written == "":
            return None
        if kind == "s":
            return self.strings[int(written)]
        if kind == "n":
            return self.number_or_day(written)
        if kind == "b":
            return written not in ("0", "false")
        return self.broken if kind == "e" else written

    def number_or_day(self, written):
        number = float(written) if "." in written or "E" in written or "e" in written else int(written)
        if self.style is None or int(self.style) not in self.dates:
            return number
        try:
            return from_excel(number, self.epoch)
        except (OverflowError, ValueError):
            return self.broken
