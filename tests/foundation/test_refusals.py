import uuid

import pytest

from foundation.journal.moves import record

PAGES = {"409.html": "409 {{ obj }}", "403.html": "403 {{ obj }}"}


@pytest.mark.django_db
@pytest.mark.urls("tests.foundation.shelf.urls")
class TestRefusals:
    @pytest.fixture(autouse=True)
    def page(self, settings, client, anna, book):
        settings.MIDDLEWARE = [
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
            "foundation.refusals.Refusals",
        ]
        settings.TEMPLATES = [
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "OPTIONS": {"loaders": [("django.template.loaders.locmem.Loader", PAGES)]},
            }
        ]
        client.force_login(anna)

    def test_a_conflict_is_a_409_page_that_knows_the_row(self, client, book):
        response = client.get("/refusals/conflict/")
        assert (response.status_code, response.content.decode()) == (409, f"409 {book}")

    def test_a_step_that_is_not_allowed_is_a_403_page(self, client, book):
        response = client.get("/refusals/not-allowed/")
        assert (response.status_code, response.content.decode()) == (403, f"403 {book}")

    def test_a_repeated_form_leads_to_what_it_did(self, client, book, anna):
        key = uuid.uuid4()
        record(book, "report", by=anna, key=key)
        response = client.get("/refusals/repeat/", {"key": str(key)})
        assert (response.status_code, response["Location"]) == (302, f"/shelf/{book.pk}/")

    def test_bugs_stay_bugs(self, client):
        with pytest.raises(ZeroDivisionError):
            client.get("/refusals/bug/")
