"""The first account of an installation comes from the command line."""

import io

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from accounts.models import User
from communities.access import Role
from foundation.journal.models import Entry

pytestmark = pytest.mark.django_db


def create(*arguments):
    output = io.StringIO()
    call_command("create_admin", *arguments, stdout=output)
    return output.getvalue()


def test_a_system_admin_who_can_sign_in_and_must_choose_a_password(client):
    password = create("root", "韩雪", "--email", "root@example.org").split()[-1]
    admin = User.objects.get(username="root")
    assert admin.name == "韩雪"
    assert [post.role for post in admin.assignments.all()] == [Role.ADMIN]
    assert admin.must_change_password
    assert admin.second_factor_required
    assert Entry.objects.filter(verb="enlist", subject_id=admin.pk, actor=None).exists()
    client.post(reverse("account_login"), {"login": "root", "password": password})
    assert client.session["_auth_user_id"] == str(admin.pk)


@pytest.mark.parametrize("arguments", [("ROOT", "韩雪"), ("a b", "韩雪"), ("other", "韩雪", "--email", "nonsense")])
def test_refuses_what_a_form_would_refuse(arguments):
    create("root", "韩雪")
    with pytest.raises(CommandError):
        create(*arguments)
    assert User.objects.count() == 1
