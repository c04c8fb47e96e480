from datetime import date

from django.core.management.base import BaseCommand, CommandError

from communities.importing import import_divisions


class Command(BaseCommand):
    help = (
        "Write divisions and their area offices from a CSV file (code12, name, level, parent_code12). Safe to repeat."
    )

    def add_arguments(self, parser):
        parser.add_argument("file")
        parser.add_argument(
            "--since", type=date.fromisoformat, help="first day on which the new divisions exist, YYYY-MM-DD"
        )
        parser.add_argument("--source", default="", help="where the file comes from, kept with each row")
        parser.add_argument("--dry-run", action="store_true", help="check every row and write nothing")

    def handle(self, *, file, since, source, dry_run, **options):
        try:
            with open(file, encoding="utf-8-sig", newline="") as handle:
                report = import_divisions(handle, since=since, source=source, dry_run=dry_run)
        except (OSError, UnicodeDecodeError) as error:
            raise CommandError(f"{file}: {error}") from error
        for line, message in report.errors:
            self.stderr.write(f"line {line}: {message}")
        if report.errors:
            raise CommandError(f"{len(report.errors)} bad rows, nothing written")
        done = "would be" if dry_run else "are"
        self.stdout.write(f"{report.new} {done} new, {report.renamed} renamed, {report.same} unchanged")
