"""Signing in, and sending a page's form as a browser would: everything that stands in it, with what one types over."""

from datetime import date

import pytest
from django.urls import reverse


@pytest.fixture
def sign_in(client):
    """`sign_in(user)` returns a client signed in as this user, past the first request that opens the session."""

    def signing_in(user):
        client.force_login(user)
        client.get(reverse("inbox_list"))
        return client

    return signing_in


@pytest.fixture
def submit(client):
    """`submit(url, field=value)` opens the page and sends its form with these fields changed; returns the answer."""

    def submitting(url, **typed):
        form = client.get(url).context["form"]
        return client.post(url, filled(form) | typed)

    return submitting


def filled(form):
    """What a browser would send of this form if nobody typed anything."""
    values = {bound.html_name: plain(bound.value()) for bound in form}
    return {name: value for name, value in values.items() if value not in (None, False, "", [])}


def plain(value):
    if isinstance(value, list):
        return [getattr(item, "pk", item) for item in value]
    if isinstance(value, date):
        return value.isoformat()
    return getattr(value, "pk", value)
