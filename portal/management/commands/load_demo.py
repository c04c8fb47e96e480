from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from portal import demo


class Command(BaseCommand):
    help = "Write the demonstration data (real places, invented people). Safe to repeat; refuses to run in production."

    def handle(self, *, verbosity, **options):
        if not settings.DEBUG:
            raise CommandError("The demonstration data never go into production (DEBUG is off).")
        say = self.stdout.write if verbosity > 1 else lambda text: None
        call_command("load_reference", verbosity=0)
        if demo.load(now=timezone.now(), say=say):
            self.stdout.write("Demonstration data written. Every demo account signs in with the password demo-portal.")
        else:
            self.stdout.write("Demonstration data are there already.")
