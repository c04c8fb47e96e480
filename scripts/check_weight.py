"""Weigh what a first visit to a page loads, compressed: `python scripts/check_weight.py`.

For every template: its own and its base templates' stylesheets, scripts (with the modules they import) and icon sprite,
as gzip sends them. Scripts may weigh 40 KB; all together 60 KB, of which HTML_SHARE is left to the page itself.
"""

import gzip
import os
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SCRIPTS, ALL, HTML_SHARE = 40_000, 60_000, 10_000
STATIC = re.compile(r"{%\s*static\s+['\"]([^'\"]+\.(?:css|js|mjs|svg))['\"]")
EXTENDS = re.compile(r"{%\s*(?:extends|include)\s+['\"]([^'\"#]+)['\"]")
# Tags that bring a file along
TAGS = {"{% icon ": "icons.svg", "{% htmx_script": "django_htmx/htmx.min.js"}
IMPORT = re.compile(r"^\s*(?:import|export)\b[^'\"]*['\"](\.{1,2}/[^'\"]+)['\"]", re.MULTILINE)


def with_modules(path: Path, seen: set[Path]) -> set[Path]:
    """The file and all ES modules that it imports, however far."""
    if path not in seen:
        seen.add(path)
        if path.suffix in (".js", ".mjs"):
            for name in IMPORT.findall(path.read_text(encoding="utf-8")):
                with_modules((path.parent / name).resolve(), seen)
    return seen


def referenced(template: Path, templates: Path) -> set[str]:
    """Names of static files in the template, in what it extends and in what it includes."""
    if not template.exists():
        return set()
    text = template.read_text(encoding="utf-8")
    names = {*STATIC.findall(text), *(name for tag, name in TAGS.items() if tag in text)}
    for other in EXTENDS.findall(text):
        names |= referenced(templates / other, templates)
    return names


def weigh(files: set[Path]) -> int:
    return sum(len(gzip.compress(path.read_bytes(), 6)) for path in files)


def main() -> int:
    sys.path.insert(0, str(ROOT))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    import django
    from django.contrib.staticfiles import finders

    django.setup()
    templates, heaviest, wrong = ROOT / "templates", (0, 0, ""), []
    for template in sorted(templates.rglob("*.html")):
        name = str(template.relative_to(templates))
        files: set[Path] = set()
        for static in referenced(template, templates):
            found = finders.find(static)
            if found is None:
                wrong.append(f"{name}: no static file {static}")
            else:
                with_modules(Path(found), files)
        scripts = weigh({path for path in files if path.suffix in (".js", ".mjs")})
        everything = weigh(files)
        heaviest = max(heaviest, (everything, scripts, name))
        if scripts > SCRIPTS or everything > ALL - HTML_SHARE:
            wrong.append(f"{name}: {everything} bytes, of these scripts {scripts}")
    print("\n".join(wrong) or "heaviest: {2}, {0} bytes, of these scripts {1}".format(*heaviest))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
