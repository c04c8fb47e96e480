import re
from pathlib import Path

from django.core.management.base import BaseCommand
from django.utils.translation import override

from issues.workflow import BIRTH_SENTENCES, BIRTHS, MOVES

BOOK = Path(__file__).resolve().parents[3] / "docs" / "issues.md"
MARKS = re.compile(r"(?<=<!-- moves -->\n).*(?=\n<!-- /moves -->)", re.S)


def table():
    """The moves of issues/workflow.py as a Markdown table, in English."""
    with override("en"):
        lines = ["| Verb | From | To | Who | Residents see it |", "|---|---|---|---|---|"]
        for verb, state in BIRTHS.items():
            said = str(BIRTH_SENTENCES[verb]) % {"who": "…"}
            lines.append(f"| `{verb}` {said} | – | {state} | whoever records | yes |")
        for verb, step in MOVES.items():
            before = ", ".join(step.before)
            lines.append(
                f"| `{verb}` {step.label} | {before} | {step.after or 'stays'} | {step.who.label} | {'yes' if step.public else 'no'} |"
            )
    return "\n".join(lines)


class Command(BaseCommand):
    help = "Write the table of moves into docs/issues.md."

    def handle(self, **options):
        text = BOOK.read_text(encoding="utf-8")
        BOOK.write_text(MARKS.sub(lambda _found: table(), text), encoding="utf-8")
