"""The demonstration data: complete, consistent, safe to repeat, never in production."""

import pytest
from django.core.management import CommandError, call_command
from django.test import TestCase, override_settings

from accounts.models import User
from communities.models import Compound, Division, Resident
from foundation.fields import is_id_number
from foundation.journal.models import Entry
from issues.models import Issue
from issues.workflow import BIRTHS, MOVES
from portal.demo.people import ACCOUNTS, PASSWORD
from visits.models import Opinion, Visit


class TestDemo(TestCase):
    @classmethod
    def setUpTestData(cls):
        with override_settings(DEBUG=True):
            call_command("load_demo", verbosity=0)

    def counts(self):
        return [model.objects.count() for model in (Division, Compound, Resident, Visit, Opinion, Issue, Entry, User)]

    @override_settings(DEBUG=True)
    def test_twice_is_once(self):
        before = self.counts()
        call_command("load_demo", verbosity=0)
        assert self.counts() == before

    def test_the_published_figures(self):
        for street, unmanaged in (("411702007", 156), ("411702001", 101)):
            assert Compound.objects.unmanaged().filter(community__parent__code=street).count() == unmanaged
        july = Opinion.objects.filter(visit__visited_at__year=2022)
        assert july.filter(handling="on_spot").count() == 25
        assert not Issue.objects.open().filter(submitted_at__year=2022).exists()
        assert Issue.objects.open().count() >= 40

    def test_every_life_of_an_issue_is_one_that_the_workflow_allows(self):
        lives = {}
        for entry in Entry.objects.filter(subject_type="issues.issue").order_by("pk"):
            lives.setdefault(entry.subject_id, []).append(entry)
        for issue in Issue.objects.prefetch_related("work_orders", "callbacks"):
            birth, *steps = lives[issue.pk]
            status = BIRTHS[birth.verb]
            for step in steps:
                assert step.before == status
                assert status in MOVES[step.verb].before, (issue.number, step.verb)
                status = MOVES[step.verb].after or status
            assert status == issue.status
            assert issue.version == len(lives[issue.pk])
            assert not issue.handler_ids & {call.by_id for call in issue.callbacks.all()}

    def test_nobody_in_it_exists(self):
        for resident in Resident.objects.all()[:200]:
            # Newborns and new tenants have no number yet.
            assert not resident.id_number or resident.id_number.startswith("420199")
            assert not resident.id_number or is_id_number(resident.id_number)
            assert not resident.phone or resident.phone.startswith("13000000")

    def test_every_account_signs_in_and_lands_on_its_own_first_page(self):
        landed = {}
        for username, name, *_post in ACCOUNTS:
            with self.subTest(username):
                client = self.client_class()
                answer = client.post("/accounts/login/", {"login": username, "password": PASSWORD})
                assert answer.status_code == 302
                page = client.get("/", follow=True)
                assert page.status_code == 200
                assert name in page.content.decode()
                landed[username] = page.redirect_chain[-1][0]
        assert landed["cadre"] == landed["grid"] == "/visits/m/"
        assert landed["secretary"] == landed["street"] == landed["handler"] == "/issues/desk/"
        assert landed["district"].startswith("/dashboard/")
        assert landed["auditor"] == "/audit/"
        assert landed["admin"] == "/staff/"


@pytest.mark.django_db
@override_settings(DEBUG=False)
def test_never_in_production():
    with pytest.raises(CommandError, match="DEBUG is off"):
        call_command("load_demo")
    assert not User.objects.exists()
