"""People and books for the tests of the foundation, and a way to let threads run into each other."""

import threading

import pytest
from django.contrib.auth import get_user_model
from django.db import connections

from foundation.workdays import snapshot
from tests.foundation.shelf.models import Book


@pytest.fixture(autouse=True)
def no_calendar_of_another_test():
    snapshot.forget()
    yield
    snapshot.forget()


@pytest.fixture
def anna(db):
    return get_user_model().objects.create(username="anna", email="anna@example.org")


@pytest.fixture
def ben(db):
    return get_user_model().objects.create(username="ben")


@pytest.fixture
def book(db):
    return Book.objects.create(title="3号楼电梯", text="电梯坏了", area_path="411702")


@pytest.fixture
def race():
    """`race(8, work)` runs `work(number)` in 8 threads that start together; returns results and exceptions in order."""

    def run(number_of_threads, work):
        outcomes = [None] * number_of_threads
        start = threading.Barrier(number_of_threads)

        def runner(number):
            start.wait()
            try:
                outcomes[number] = work(number)
            except Exception as error:
                outcomes[number] = error
            finally:
                connections.close_all()

        threads = [threading.Thread(target=runner, args=(number,)) for number in range(number_of_threads)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=60)
        return outcomes

    return run
