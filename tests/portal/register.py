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

from communities.models import Feedback, Handover, Leave, Reassignment, Resident, Shift, Swap
from foundation.jobs import start
from foundation.notices.models import Delivery, Notice
from issues.models import Issue
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
OF_THE_INSTALLATION = {"year_confirm", "workday_decide"}


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


def rows_of(town):
    """{URL name: arguments} of rows of the secretary's community; issues stand where the step in the address makes sense."""
    rows = issue_rows(town)  # first: they bring notices and deliveries
    for pk, names in people_and_places(town) | facts(town) | office(town) | team(town):
        rows |= {name: {"pk": pk} for name in names.split()}
    of_code = "division_detail division_edit compound_create unit_create dashboard_division dashboard_households dashboard_export"
    rows |= {name: {"code": town.community.code} for name in of_code.split()}
    rows["shift_rotate"] = {"code": town.community.code}
    rows["shift_edit"] = {"code": town.community.code, "day": timezone.localdate()}
    return rows | {"year_confirm": {"year": 2026}, "workday_decide": {"day": date(2026, 10, 1)}}


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
