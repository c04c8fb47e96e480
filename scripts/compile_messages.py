"""Compile translations, django.po to django.mo, without gettext: `python scripts/compile_messages.py [FILE.po …]`."""

import sys
from pathlib import Path

import polib

ROOT = Path(__file__).resolve().parent.parent


def compile_messages(path: Path) -> None:
    polib.pofile(str(path)).save_as_mofile(str(path.with_suffix(".mo")))


if __name__ == "__main__":
    for po in [Path(name) for name in sys.argv[1:]] or sorted(ROOT.glob("locale/*/LC_MESSAGES/django.po")):
        compile_messages(po)
