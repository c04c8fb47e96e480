"""What is stored about me (resident_extract): everything, in plain words, after a check of identity that is logged."""

import pytest
from django.urls import reverse
from django.utils import timezone

from communities.models import CareCategory, CareEntry, CareGrant
from foundation.journal.models import Access
from tests.communities.conftest import filled
from tests.town import life, new_issue
from tests.visits.conftest import line, log

pytestmark = pytest.mark.django_db


@pytest.fixture
def url(town):
    return reverse("resident_extract", args=[town.resident.pk])


@pytest.fixture
def at(client):
    def signing_in(user):
        client.force_login(user)
        client.get(reverse("inbox_list"))
        return client

    return signing_in


def ask(client, url, **typed):
    return client.post(url, filled(client.get(url).context["form"]) | {"reason": "窗口核对身份证"} | typed)


def enter(town, code):
    return CareEntry.objects.register(
        by=town.secretary,
        resident=town.resident,
        category=CareCategory.objects.get(code=code),
        consented_on=timezone.localdate(),
        consented_by="agent",
        guardian_name="王大明",
    )


def test_everything_is_on_the_sheet(town, url, at):
    enter(town, "living_alone")
    town.resident.correct(by=town.secretary, remark="听力不好")
    log(town, summary="老人精神好", opinions=[line(town, text="灯坏了", raised_by=town.resident)])
    issue = new_issue(town, text="电梯异响怕坐")
    life(town, "away", remark="去女儿家")
    town.resident.reveal(by=town.grid_worker, what="phone", reason="预约走访")
    answer = ask(at(town.secretary), url)
    body = answer.content.decode()
    for words in (
        "王秀英", "1942", "听力不好", "橡林小区", "独居老年人", "民发〔2022〕73号", "王大明", "老人精神好", "灯坏了",
        issue.number, "电梯异响怕坐", "去女儿家", "吴晓", "预约走访", "60", "周建平",
    ):  # fmt: skip
        assert words in body, words
    assert "130****0123" in body and "13000000123" not in body
    assert "no-store" in answer["Cache-Control"]


def test_numbers_in_full_only_if_asked_for(town, url, at):
    body = ask(at(town.secretary), url, in_full="on").content.decode()
    assert "13000000123" in body and "420199194205060023" in body


def test_the_check_of_identity_is_logged_first(town, url, at):
    ask(at(town.secretary), url)
    access = Access.objects.get(what="extract")
    assert (access.actor, access.reason, access.subject_id) == (town.secretary, "窗口核对身份证", town.resident.pk)


def test_without_a_reason_nothing_is_shown(town, url, at):
    answer = ask(at(town.secretary), url, reason="")
    assert set(answer.context["form"].errors) == {"reason"}
    assert not Access.objects.filter(what="extract").exists()


def test_sensitive_entries_only_by_grant_and_the_sheet_tells_nothing_of_them(town, url, at):
    plain = ask(at(town.secretary), url).content.decode()
    enter(town, "dementia")
    with_entry = ask(at(town.secretary), url).content.decode()
    assert "失智" not in with_entry and plain.count("<tr>") == with_entry.count("<tr>")
    CareGrant.objects.grant(
        by=None,
        user=town.secretary,
        group="health",
        area_path=town.community.code,
        since=timezone.localdate(),
        reason="残联工作",
    )
    assert "失智" in ask(at(town.secretary), url).content.decode()


def test_what_others_said_in_confidence_is_not_on_it(town, url, at):
    log(town, opinions=[line(town, text="邻居说的悄悄话", confidential=True)])
    assert "悄悄话" not in ask(at(town.secretary), url).content.decode()


def test_what_the_person_said_in_confidence_only_the_secretary_prints(town, url, at):
    issue = new_issue(town, text="举报楼上违建", anonymity="confidential")
    log(town, opinions=[line(town, text="怕邻居知道", confidential=True, raised_by=town.resident)])
    hint = "由社区书记打印"
    body = ask(at(town.grid_worker), url).content.decode()
    assert issue.number not in body and "举报楼上违建" not in body and hint in body
    body = ask(at(town.secretary), url).content.decode()
    assert issue.number in body and "举报楼上违建" in body and "怕邻居知道" in body and hint not in body


def test_a_permission_elsewhere_makes_no_whole_sheet(town, url, at):
    for group in ("children", "bereaved", "health"):
        facts = {"area_path": "411702007001", "since": timezone.localdate(), "reason": "民政工作"}
        CareGrant.objects.grant(by=town.admin_of_district, user=town.secretary, group=group, **facts)
    assert at(town.secretary) and ask(at(town.secretary), url).context["is_partly_hidden"]


def test_cost(town, url, at, sql_count):
    client = at(town.secretary)
    form = filled(client.get(url).context["form"]) | {"reason": "窗口核对身份证"}
    log(town)
    with sql_count() as few:
        client.post(url, form)
    for _number in range(10):
        log(town)
        new_issue(town)
        town.resident.reveal(by=town.grid_worker, what="phone", reason="预约走访")
    with sql_count(at_most=len(few) + 1):
        client.post(url, form)


def test_readers_are_refused_outsiders_see_nothing(town, url, at):
    assert at(town.auditor).get(url).status_code == 403
    for who in (town.outsider, town.system_admin, town.handler):
        assert at(who).get(url).status_code == 404
