"""提意见: said on any page, answered by the district, read again by whoever said it."""

import uuid

import pytest
from django.urls import reverse

from communities.models import Feedback
from foundation.journal.models import Entry
from foundation.notices.models import Notice
from tests.communities.conftest import filled

pytestmark = pytest.mark.django_db
ADD, LIST = "/feedback/add/", "/feedback/"
TEXT = "派单时希望能看到承办单位手里还有几件没办完。"


def give(by, area_path, text=TEXT, page="/issues/"):
    return Feedback.objects.give(by=by, client_uuid=uuid.uuid4(), page=page, text=text, area_path=area_path)


@pytest.fixture
def said(town):
    return give(town.secretary, "411702007002")


def texts(page):
    return [row.text for row in page.context["page"].object_list]


class TestGive:
    def test_works_for_everybody_and_remembers_page_and_area(self, town, sign_in, client):
        expected = {
            town.secretary: "411702007002",
            town.handler: "411702",
            town.grid_worker: "411702007002001",
            town.auditor: "411702",
            town.system_admin: "",
            town.idle: "",
        }
        for user, area in expected.items():
            sign_in(user)
            form = filled(client.get(f"{ADD}?page=/issues/desk/").context["form"])
            answer = client.post(ADD, form | {"text": TEXT})
            row = Feedback.objects.get(created_by=user)
            assert answer["Location"] == row.get_absolute_url()
            assert (row.page, row.area_path, row.text) == ("/issues/desk/", area, TEXT)

    def test_a_pages_query_and_foreign_addresses_are_not_kept(self, town, sign_in, client):
        sign_in(town.secretary)
        for asked, kept in (
            ("/visits/?q=王秀英", "/visits/"),
            ("https://elsewhere.example/x", "/x"),
            ("//elsewhere.example/x", "/x"),
            ("javascript:alert(1)", ""),
        ):
            client.post(ADD, {"client_uuid": uuid.uuid4(), "page": asked, "text": TEXT})
            assert Feedback.objects.latest("pk").page == kept

    def test_sent_twice_it_is_said_once(self, town, sign_in, client):
        sign_in(town.secretary)
        form = filled(client.get(ADD).context["form"]) | {"text": TEXT}
        answers = {client.post(ADD, form)["Location"] for _time in range(2)}
        assert len(answers) == 1
        assert Feedback.objects.count() == 1

    def test_the_same_form_by_somebody_else_is_a_conflict(self, town, sign_in, client):
        form = {"client_uuid": uuid.uuid4(), "text": TEXT}
        sign_in(town.secretary).post(ADD, form)
        assert sign_in(town.cadre).post(ADD, form).status_code == 409

    def test_invalid_changes_nothing(self, town, sign_in, client):
        sign_in(town.secretary)
        for text in ("", "  ", "长" * 2001):
            assert client.post(ADD, {"text": text}).context["form"].errors
        assert not Feedback.objects.exists()

    def test_every_page_leads_here(self, town, sign_in):
        assert f"{ADD}?page=/inbox/" in sign_in(town.secretary).get(reverse("inbox_list")).content.decode()


class TestRead:
    def test_the_district_reads_its_own_the_giver_the_own(self, town, sign_in, said):
        give(town.outsider, "210202012004", "别区的意见")
        assert texts(sign_in(town.admin_of_district).get(LIST)) == [TEXT]
        assert texts(sign_in(town.secretary).get(LIST)) == [TEXT]
        assert texts(sign_in(town.cadre).get(LIST)) == []
        assert texts(sign_in(town.auditor).get(LIST)) == []
        assert len(texts(sign_in(town.system_admin).get(LIST))) == 2

    def test_one_of_them(self, town, sign_in, said):
        answers = {
            who: sign_in(getattr(town, who)).get(said.get_absolute_url()).status_code
            for who in ("admin_of_district", "secretary", "system_admin", "cadre", "outsider", "auditor")
        }
        assert answers == {
            "admin_of_district": 200,
            "secretary": 200,
            "system_admin": 200,
            "cadre": 404,
            "outsider": 404,
            "auditor": 404,
        }

    def test_unanswered_first_and_alone(self, town, sign_in, said):
        give(town.cadre, "411702007", "字太小").reply(by=town.admin_of_district, answer="可开长辈版")
        client = sign_in(town.admin_of_district)
        assert texts(client.get(LIST)) == [TEXT, "字太小"]
        assert texts(client.get(LIST, {"show": "open"})) == [TEXT]
        assert client.get(LIST).context["counts"] == {"all": 2, "open": 1}

    @pytest.mark.parametrize("rows", [1, 20])
    def test_queries(self, town, sign_in, sql_count, rows):
        for number in range(rows):
            row = give(town.secretary, "411702007002", f"第{number}条")
            row.reply(by=town.admin_of_district, answer="好") if number % 2 else None
        client = sign_in(town.admin_of_district)
        with sql_count(at_most=8):
            client.get(LIST)
        with sql_count(at_most=10):
            client.get(row.get_absolute_url())


class TestAnswer:
    def url(self, row):
        return reverse("feedback_answer", args=[row.pk])

    def test_works_and_the_giver_is_told(self, town, sign_in, submit, said):
        sign_in(town.admin_of_district)
        answer = submit(self.url(said), answer="下一版派单页会显示在办件数。")
        assert answer["Location"] == said.get_absolute_url()
        said.refresh_from_db()
        assert (said.answer, said.answered_by) == ("下一版派单页会显示在办件数。", town.admin_of_district)
        notice = Notice.objects.get(recipient=town.secretary, kind="feedback_answered")
        page = sign_in(town.secretary).get(notice.get_absolute_url())
        assert "下一版派单页会显示在办件数。" in page.content.decode()

    def test_twice_is_once(self, town, sign_in, client, said):
        sign_in(town.admin_of_district)
        form = filled(client.get(self.url(said)).context["form"]) | {"answer": "好的"}
        for _time in range(2):
            assert client.post(self.url(said), form).status_code == 302
        assert Entry.objects.filter(verb="answer").count() == 1
        assert Notice.objects.filter(kind="feedback_answered").count() == 1

    def test_a_corrected_answer_is_told_again(self, town, sign_in, submit, said):
        sign_in(town.admin_of_district)
        submit(self.url(said), answer="好的")
        submit(self.url(said), answer="好的，下周上线")
        assert Notice.objects.filter(kind="feedback_answered").count() == 2

    def test_two_administrators(self, town, sign_in, client, said):
        sign_in(town.admin_of_district)
        form = filled(client.get(self.url(said)).context["form"]) | {"answer": "我的答复"}
        Feedback.objects.get(pk=said.pk).reply(by=town.system_admin, answer="先到的答复")
        answer = client.post(self.url(said), form)
        assert answer.status_code == 409
        assert "先到的答复" in answer.content.decode() and "我的答复" in answer.content.decode()

    def test_invalid_changes_nothing(self, town, sign_in, submit, said):
        sign_in(town.admin_of_district)
        for answer in ("", "长" * 2001):
            assert submit(self.url(said), answer=answer).context["form"].errors
        said.refresh_from_db()
        assert said.answered_at is None

    def test_the_giver_reads_only_and_others_see_nothing(self, town, sign_in, said):
        assert sign_in(town.secretary).post(self.url(said), {"answer": "自答"}).status_code == 403
        for who in (town.cadre, town.outsider, town.auditor, town.handler):
            assert sign_in(who).post(self.url(said), {"answer": "代答"}).status_code == 404
        said.refresh_from_db()
        assert said.answered_at is None
