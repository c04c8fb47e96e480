"""People at work on issues: signing in, and sending a page's form as a browser would."""

import threading
from datetime import date

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse


@pytest.fixture
def at_work():
    """`at_work(user)` is a browser of this person, past the first request that opens the session."""

    def signing_in(user):
        browser = Client()
        browser.force_login(user)
        browser.get(reverse("inbox_list"))
        return browser

    return signing_in


@pytest.fixture
def act(at_work):
    """`act(user, issue, verb, result="…")` opens the page of the verb, types, sends, and returns the answer."""

    def acting(user, issue, verb, **typed):
        browser = at_work(user)
        url = address(issue, verb)
        return browser.post(url, filled(browser.get(url)) | typed)

    return acting


def address(issue, verb):
    return reverse(f"issue_{verb}", args=[issue.pk])


def filled(response):
    """What a browser would send of the page's form if nobody typed anything."""
    values = {bound.html_name: plain(bound.value()) for bound in response.context["form"]}
    return {name: value for name, value in values.items() if value not in (None, False, "", [])}


def plain(value):
    return value.isoformat() if isinstance(value, date) else getattr(value, "pk", value)


def in_threads(number, work):
    """Run `work(n)` in so many threads at once; returns what each returned or raised."""
    results, start = [None] * number, threading.Barrier(number)

    def run(n):
        try:
            start.wait(20)
            results[n] = work(n)
        except Exception as error:
            results[n] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(n,)) for n in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return results
