"""Every address of the portal, and a row of the town for each address that names one.

A new URL pattern with an argument needs a row in `ROWS`; one that strangers may open stands in `PUBLIC`. tests/portal/test_scope.py
fails until it does.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from uuid import uuid4

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.urls import URLPattern, get_resolver, reverse
from django.utils import timezone

from communities.blanks.filling import carry_out
from communities.blanks.layout import fingerprint_of, read_layout
from communities.blanks.registers import known
from communities.models import (
    BlankFill,
    CareCategory,
    CareEntry,
    CareGrant,
    CareStandard,
    Compound,
    Feedback,
    Handover,
    Leave,
    Merge,
    NotTheSame,
    Purge,
    Reassignment,
    Reorganisation,
    Resident,
    RetentionRule,
    Review,
    Roster,
    Sheet,
    Shift,
    Suggestion,
    Swap,
)
from foundation.jobs import start
from foundation.notices.models import Delivery, Notice
from foundation.workbooks import open_workbook_safely
from issues.models import Issue
from tests.communities.forms_made import simple_form
from tests.communities.ledgers import ledger, resident, row_of, upload
from tests.town import issue_at, life
from visits.models import Visit

# Addresses that strangers may open; each has a test of its own in tests/portal/test_public.py.
PUBLIC = {
    "healthz",
    "readyz",
    "language_switch",
    "elder_switch",
    "account_login",
    "account_logout",
    "account_signup",
    "account_inactive",
    "account_reauthenticate",
    "mfa_authenticate",
    "mfa_login_webauthn",
    "passkey_sign_in",
    "user_switch",
    "user_forget",
    "password_forgotten",
    # allauth's own addresses of these doors lie behind ours, which answer 404
    "account_email",
    "account_email_verification_sent",
    "account_confirm_email",
    "account_confirm_login_code",
    "account_reset_password",
    "account_reset_password_done",
    "account_reset_password_from_key",
    "account_reset_password_from_key_done",
}
# Patterns without a name: doors of allauth that are shut for everybody.
SHUT = {
    "accounts/email/",
    "accounts/confirm-email/",
    "accounts/confirm-email/<path:rest>",
    "accounts/password/reset/<path:rest>",
}
# Arguments that name no row of a place: these pages belong to the installation and ask for a right instead (403).
OF_THE_INSTALLATION = {"year_confirm", "workday_decide", "practice_card"}


@dataclass(frozen=True)
class Address:
    """One URL pattern: its name ("" if none), its route and the names of its arguments."""

    name: str
    route: str
    arguments: tuple

    def url(self, rows):
        return reverse(self.name, kwargs=rows[self.name] if self.arguments else {})


def addresses():
    """Every pattern of the portal, in the order in which they are tried."""
    return list(walk(get_resolver().url_patterns, ""))


def walk(patterns, prefix, above=()):
    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        arguments = (*above, *(tuple(pattern.pattern.regex.groupindex) or tuple(converters(pattern))))
        if isinstance(pattern, URLPattern):
            yield Address(pattern.name or "", route, arguments)
        else:
            yield from walk(pattern.url_patterns, route, arguments)


def converters(pattern):
    return getattr(pattern.pattern, "converters", {})


PRACTICE = "practice_detail practice_create practice_reset practice_trainee_create"


def rows_of(town):
    """{URL name: arguments} of rows of the secretary's community; issues stand where the step in the address makes sense."""
    rows = issue_rows(town)  # first: they bring notices and deliveries
    for pk, names in people_and_places(town) | facts(town) | office(town) | team(town):
        rows |= {name: {"pk": pk} for name in names.split()}
    of_code = "division_detail division_edit compound_create unit_create dashboard_division dashboard_households dashboard_export"
    rows |= {name: {"code": town.community.code} for name in of_code.split()}
    rows["shift_rotate"] = {"code": town.community.code}
    rows["shift_edit"] = {"code": town.community.code, "day": timezone.localdate()}
    rows |= pairs(town)
    rows |= upkeep(town)
    rows |= imports(town)
    rows |= care(town)
    rows |= going_out(town) | {"division_print": {"code": town.community.code}}
    rows |= {name: {"code": town.district.code} for name in PRACTICE.split()} | {"practice_card": {"role": "secretary"}}
    return rows | {"year_confirm": {"year": 2026}, "workday_decide": {"day": date(2026, 10, 1)}}


def imports(town):
    """Ledgers on their way: just uploaded, checked with a faulty row, entered; and one of staff."""
    rows, columns = {}, ledger("residents", resident(), resident("李四", 身份证号="1"))
    for status, names in {
        "uploaded": "roster_map roster_check",
        "checked": "roster_detail roster_apply roster_faults",
        "applied": "roster_revert",
    }.items():
        roster = upload(town.secretary, "residents", town.community, columns)
        Roster.objects.filter(pk=roster.pk).update(status=status, counts={"faulty": 1, "new": 1})
        roster.faults.create(row=3, position=6, column="id_number", code="id_length")
        rows |= {name: {"pk": roster.pk} for name in names.split()}
    staff = upload(town.admin_of_district, "staff", town.community, ledger("staff", row_of("staff", 姓名="新人")))
    return rows | {"roster_slips": {"pk": staff.pk}}


def pairs(town):
    """Records that may be one, two that are one, and two of which it was said that they are not."""

    def add(name):
        return Resident.objects.add(by=town.secretary, client_uuid=uuid4(), household=town.household, name=name)

    one, other, third, fourth = map(add, ("赵云", "赵芸", "钱多", "钱铎"))
    merge = Merge.objects.merge(by=town.secretary, client_uuid=uuid4(), kept=third, gone=fourth)
    said = NotTheSame.objects.say(by=town.secretary, client_uuid=uuid4(), one=one, other=third)
    pair = {"kind": "resident", "first": one.pk, "second": other.pk}
    return {
        **dict.fromkeys(("merge_compare", "merge_propose", "duplicate_decline"), pair),
        **{key: {"pk": merge.pk} for key in ("merge_detail", "merge_undo")},
        **{key: {"pk": town.household.pk} for key in ("household_split", "household_join")},
        "duplicate_withdraw": {"pk": said.pk},
    }


def care(town):
    """An open and an ended care entry, a wish, rules of the district's own, a grant, and a proposal to clear somebody's data."""

    def add(name):
        return Resident.objects.add(by=town.secretary, client_uuid=uuid4(), household=town.household, name=name)

    entry, over = (
        CareEntry.objects.register(
            by=town.secretary,
            resident=town.resident,
            category=CareCategory.objects.get(code=code),
            consented_on=timezone.localdate(),
            consented_by="self",
        )
        for code in ("living_alone", "very_old")
    )
    over.end(by=town.secretary, reason="no_longer")
    declining, leaving = add("冯静"), add("郑安")
    declining.decline_visits(by=town.secretary, on=timezone.localdate(), said_by="self")
    proposal = Purge.objects.propose(by=town.secretary, ground="request", resident=leaving, reason="本人申请")
    grant = CareGrant.objects.grant(
        by=None, user=town.cadre, group="health", area_path=town.street.code, since=date(2020, 1, 1), reason="残联工作"
    )
    facts = {"by": town.admin_of_district, "area_path": town.district.code}
    category = CareCategory.objects.add(name="空巢独居", **facts)
    standard = CareStandard.objects.set_for(level=3, interval_days=60, **facts)
    rule = RetentionRule.objects.set_for(what="moved", months=48, **facts)
    person, wish, proposed = {"pk": town.resident.pk}, {"pk": declining.pk}, {"pk": proposal.pk}
    return {
        **{name: {"pk": entry.pk} for name in ("care_detail", "care_consent", "care_review", "care_end")},
        **dict.fromkeys(("care_create", "consent_print", "wish_create", "purge_propose", "resident_extract"), person),
        **dict.fromkeys(("wish_review", "wish_end"), wish),
        **dict.fromkeys(("purge_detail", "purge_confirm", "purge_withdraw"), proposed),
        "care_purge": {"pk": over.pk},
        "grant_create": {"pk": town.cadre.pk},
        "grant_end": {"pk": grant.pk},
        "category_edit": {"pk": category.pk},
        "standard_edit": {"pk": standard.pk},
        "retention_edit": {"pk": rule.pk},
    }


def going_out(town):
    """A superior's form, mapped; a draft of it with rows chosen, one that is filled, and a table that a worker has made."""
    data = simple_form()
    layout = read_layout(open_workbook_safely(data), known)
    facts = {"data": data, "layout": layout, "fingerprint": fingerprint_of(layout), "area_path": town.community.code}
    draft, done = (
        BlankFill.objects.begin(by=town.secretary, client_uuid=uuid4(), name="采集表", **facts) for _number in range(2)
    )
    block = layout["blocks"][0]["key"]
    mapping = {block: {"register": "residents", "fields": {"姓名": {"field": "name", "text": ""}}}, "fixed": {}}
    form = draft.form
    form.map(by=town.secretary, name="采集表", mapping=mapping)
    for fill in (draft, done):
        fill.form = form
        fill.choose(by=town.secretary, block=block, pks=[town.resident.pk])
    carry_out(done, by=town.secretary, purpose="民政")
    sheet = Sheet.objects.ask(
        by=town.secretary, client_uuid=uuid4(), kind="households", query="", words="", purpose="核对"
    )
    sheet.keep(file=b"PK", rows=1)
    return {
        **{key: {"pk": form.pk} for key in ("blank_map", "blank_again")},
        **{key: {"pk": draft.pk} for key in ("blank_rows", "blank_fill")},
        **{key: {"pk": done.pk} for key in ("blank_fill_detail", "blank_fill_download")},
        "sheet_download": {"pk": sheet.pk},
        "building_print": {"pk": town.compound.pk},
    }


def upkeep(town):
    """Suggestions, checks, management and a change of the territory, each as it waits for its next step."""
    suggest = Suggestion.objects.suggest
    address = suggest(
        by=town.grid_worker, client_uuid=uuid4(), row=town.compound, field="address", value="橡林路8号", reason="门牌"
    )
    phone = suggest(
        by=town.auditor, client_uuid=uuid4(), row=town.resident, field="phone", value="13000000777", reason="本人来电"
    )
    checked = town.compound.add_household(by=town.secretary, client_uuid=uuid4(), building="3号楼", door="909")
    checked.verify(by=town.secretary)
    loose, planned = (
        Compound.objects.add(by=town.secretary, client_uuid=uuid4(), community=town.community, name=name)
        for name in ("铁路西院", "铁路东院")
    )
    today = timezone.localdate()
    done = loose.management_changes.enter(by=town.secretary, after="interim", on=today, reason="社区代管")
    later = planned.management_changes.enter(
        by=town.secretary, after="interim", on=today + timedelta(days=30), reason="社区代管"
    )
    merger = Reorganisation.objects.draw_up(
        by=town.admin_of_district,
        client_uuid=uuid4(),
        kind="merge",
        sources=[town.community, town.next_community],
        on=today + timedelta(days=30),
        target_code=town.next_community.code,
        target_name=town.next_community.full_name,
    )
    pk = {
        "suggestion_detail suggestion_accept suggestion_decline suggestion_withdraw": address.pk,
        "suggestion_reveal": phone.pk,
        "household_verify household_history": town.household.pk,
        "household_unverify": checked.pk,
        "building_verify": town.building.pk,
        "compound_manage compound_history": town.compound.pk,
        "management_undo": done.pk,
        "management_cancel": later.pk,
        "resident_history": town.resident.pk,
        "unit_history": town.property_unit.pk,
        "reorganisation_detail reorganisation_confirm reorganisation_cancel": merger.pk,
    }
    code = {"code": town.community.code}
    return {
        **{name: {"pk": number} for names, number in pk.items() for name in names.split()},
        **dict.fromkeys(("completeness_detail", "division_history", "reorganisation_create"), code),
        "gap_list": code | {"kind": "unchecked"},
        "suggestion_create": {"kind": "compound", "pk": town.compound.pk},
    }


def people_and_places(town):
    gone = Resident.objects.add(by=town.secretary, client_uuid=uuid4(), household=town.household, name="李大山")
    event = life(town, "move_out", gone)
    household = (
        "household_detail household_edit resident_create life_create household_vacate household_head "
        "visit_create visit_sheet round_household round_met round_missed"
    )
    return {
        (town.compound.pk, "compound_detail compound_edit household_create"),
        (town.building.pk, "building_edit"),
        (town.household.pk, household),
        (town.resident.pk, "resident_detail resident_edit resident_reveal round_call"),
        (event.pk, "life_undo"),
        (town.property_unit.pk, "unit_detail unit_edit"),
    }


def facts(town):
    visit = log(town, "met", situation="normal", opinions=[answered(town)])
    return {
        (visit.pk, "visit_detail visit_edit visit_void visit_print"),
        (log(town, "nobody_home").pk, "round_undo"),  # nothing said: its visitor may still take it back
    }


def log(town, outcome, **facts):
    return Visit.objects.log(by=town.cadre, client_uuid=uuid4(), household=town.household, outcome=outcome, **facts)


def answered(town):
    return {"text": "楼道灯不亮", "category": town.sanitation, "handling": "answered"}


def office(town):
    """Rows of the pages that administrators and the account's owner work with; the notices are the secretary's."""
    notice = Notice.objects.filter(recipient=town.secretary).first()
    delivery = Delivery.objects.filter(notice__recipient=town.secretary).first()
    Delivery.objects.filter(pk=delivery.pk).update(state="failed")
    session = UserSession.objects.create(user=town.secretary, ip="127.0.0.1", session_key=uuid4().hex, user_agent="x")
    review = Review.objects.begin(
        place=town.district, year=2026, quarter=1, now=timezone.now(), due_on=timezone.localdate()
    )
    passkey = Authenticator.objects.create(user=town.secretary, type="webauthn", data={"name": "x", "credential": {}})
    feedback = Feedback.objects.give(
        by=town.cadre, client_uuid=uuid4(), page="/visits/", text="字再大一点", area_path=town.street.code
    )
    staff = "staff_detail staff_edit staff_password staff_second_factor staff_sign_out staff_disable staff_enable assignment_create"
    return {
        (notice.pk, "notice_read"),
        (delivery.pk, "delivery_retry"),
        (start("register_of_tests", by=town.secretary).pk, "job_detail job_cancel"),
        (session.pk, "session_end"),
        (review.pk, "review_detail review_confirm review_finish review_print"),
        (review.lines.get(user=town.cadre).pk, "review_decide"),
        (passkey.pk, "passkey_rename passkey_remove mfa_edit_webauthn mfa_remove_webauthn"),
        (feedback.pk, "feedback_detail feedback_answer"),
        (town.cadre.pk, staff),
        (town.cadre.assignments.get().pk, "assignment_end"),
    }


def team(town):
    """Leave, duty and hand-over of the grid worker; the cadre stands in, is asked to swap, and takes over."""
    today = timezone.localdate()

    def leave(first, **facts):
        days = {"since": today + timedelta(days=first), "until": today + timedelta(days=first + 2)}
        return Leave.objects.take(client_uuid=uuid4(), user=town.grid_worker, kind="leave", **days, **facts)

    running = leave(0, by=town.coordinator)
    asked = leave(10, by=town.grid_worker, substitute=town.cadre)
    shift = Shift.objects.put(
        by=town.secretary, division=town.community, on=today + timedelta(days=5), part="day", user=town.grid_worker
    )
    swap = Swap.objects.propose(by=town.grid_worker, client_uuid=uuid4(), shift=shift, asked=town.cadre)
    pair = {"giver": town.grid_worker, "taker": town.cadre, "client_uuid": uuid4()}
    handover = Handover.objects.prepare(by=town.secretary, reason="post", **pair)
    moved = Reassignment.objects.carry_out(by=town.secretary, subjects=[], **pair)
    sheet = "detail print confirm send_back prepare_again cancel"
    return {
        (running.pk, "leave_return"),
        (asked.pk, "leave_detail leave_confirm leave_decline leave_withdraw"),
        (shift.pk, "swap_create"),
        (swap.pk, "swap_detail swap_accept swap_decline swap_withdraw"),
        (handover.pk, " ".join(f"handover_{verb}" for verb in sheet.split())),
        (moved.pk, "reassignment_detail"),
    }


# Where an issue must stand for a step to make sense.
STEPS = {
    "submitted": "issue_register",
    "registered": "issue_take issue_dispatch issue_send_up",
    "dispatched": "issue_reassign issue_sign",
    "in_progress": "issue_hand_on issue_report_done issue_comment issue_detail issue_print issue_reveal",
    "verifying": "issue_confirm issue_confirm_not issue_no_answer",
}


def issue_rows(town):
    rows = {"issue_close_unreachable": {"pk": unreachable(town).pk}}
    for status, names in STEPS.items():
        issue = issue_at(status, town)
        rows |= {name: {"pk": issue.pk} for name in names.split()}
    return rows


def unreachable(town):
    """An issue whose resident was tried three times on three days."""
    issue = issue_at("verifying", town)
    for days in range(3):
        issue.no_answer(by=town.deputy)
        last = issue.callbacks.order_by("-pk").first()
        issue.callbacks.filter(pk=last.pk).update(at=timezone.now() - timedelta(days=days))
    return Issue.objects.get(pk=issue.pk)
