"""The first account of an installation: a system admin, who then opens all others in the staff pages."""

from uuid import uuid4

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts.models import User
from communities.access import Role
from communities.models import Staff


class Command(BaseCommand):
    help = (
        "Open the account of a system admin and print its first password, which must be changed at the first sign-in."
    )

    def add_arguments(self, parser):
        parser.add_argument("username")
        parser.add_argument("name", help="the person's full name")
        parser.add_argument("--email", default="")

    def handle(self, *, username, name, email, **options):
        try:
            User(username=username, name=name, email=email).full_clean(exclude=["password"])
        except ValidationError as error:
            raise CommandError("; ".join(error.messages)) from None
        _person, password = Staff.objects.enlist(
            by=None,
            client_uuid=uuid4(),
            username=username,
            name=name,
            email=email,
            role=Role.ADMIN,
            since=timezone.localdate(),
        )
        self.stdout.write(f"User name {username}, first password {password}")
