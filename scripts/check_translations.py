"""Find strings of the interface without Chinese: `python scripts/check_translations.py`.

Gathers every string of a copy of the sources (with gettext's xgettext) and holds the result against the committed
django.po. Nothing in the repository is changed. Also wrong: fuzzy or obsolete messages, a placeholder that only one
language has, and a compiled django.mo that differs from its django.po.
"""

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import polib

ROOT = Path(__file__).resolve().parent.parent
LOCALE = "zh_Hans"
PO = Path("locale") / LOCALE / "LC_MESSAGES" / "django.po"
OTHER_FOLDERS = ("__pycache__", "data", "docs", "locale", "scripts", "shots", "staticfiles", "tests")
NOT_SOURCES = shutil.ignore_patterns(".*", *OTHER_FOLDERS)
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|\{\w*\}|%[sd]")


def key(entry):
    return entry.msgctxt or "", entry.msgid


def gather() -> polib.POFile:
    """All messages of the sources, as makemessages finds them in a temporary copy."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "sources"
        shutil.copytree(ROOT, copy, ignore=NOT_SOURCES)
        (copy / "locale").mkdir()
        subprocess.run(
            [sys.executable, "manage.py", "makemessages", "-l", LOCALE, "--no-location", "--verbosity", "0"],
            cwd=copy,
            check=True,
        )
        return polib.pofile(str(copy / PO))


def translations(entry) -> list[str]:
    return list(entry.msgstr_plural.values()) if entry.msgid_plural else [entry.msgstr]


def faults(entry):
    """Yield what is wrong with one message of django.po."""
    if "fuzzy" in entry.flags:
        yield "fuzzy"
    if not all(translations(entry)):
        yield "no Chinese"
        return
    wanted = set(PLACEHOLDER.findall(entry.msgid_plural or entry.msgid))
    optional = set(PLACEHOLDER.findall(entry.msgid))
    for text in translations(entry):
        found = set(PLACEHOLDER.findall(text))
        if found - wanted or (wanted & optional) - found:
            yield f"other placeholders in {text!r}"


def compiled_differs(po: polib.POFile) -> bool:
    mo = ROOT / PO.with_suffix(".mo")
    if not mo.exists():
        return False
    compiled = {key(entry): translations(entry) for entry in polib.mofile(str(mo))}
    return compiled != {key(entry): translations(entry) for entry in po if entry.translated()}


def main() -> int:
    if not (ROOT / PO).exists():
        print(f"{PO} is missing")
        return 1
    po = polib.pofile(str(ROOT / PO))
    known, used = {key(entry) for entry in po if not entry.obsolete}, {key(entry) for entry in gather()}
    wrong = [f"not in {PO}: {msgid!r}" for _, msgid in sorted(used - known)]
    wrong += [f"no longer used: {msgid!r}" for _, msgid in sorted(known - used)]
    wrong += [f"obsolete: {entry.msgid!r}" for entry in po.obsolete_entries()]
    wrong += [f"{fault}: {entry.msgid!r}" for entry in po if not entry.obsolete for fault in faults(entry)]
    if compiled_differs(po):
        wrong.append("django.mo is not what django.po says; python scripts/compile_messages.py makes it anew")
    print("\n".join(wrong) or f"{len(known)} messages, all of them in Chinese")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
