"""Who may open what: roles × addresses. The rows are those of tests/portal/register.py, in the secretary's community.

200 the page · 302 done, or on to another page · 400 understood, but nothing was chosen · 403 seen, but not allowed · 404 not there.
"""

import pytest
from django.db import transaction
from django.urls import reverse

from tests.portal.register import PUBLIC, SHUT, addresses, rows_of

pytestmark = pytest.mark.django_db

ROLES = {
    "district": "admin_of_district",
    "street": "coordinator",
    "cadre": "cadre",
    "secretary": "secretary",
    "grid": "grid_worker",
    "handler": "handler",
    "property": "property_handler",
    "deputy": "deputy",
    "outsider": "outsider",
    "auditor": "auditor",
    "admin": "system_admin",
    "idle": "idle",
}
# The account's own pages are the same for everybody who has signed in.
OWN = {
    "account_overview": 200,
    "account_change_password": 200,
    "account_set_password": 302,
    "mfa_index": 200,
    "mfa_reauthenticate": 302,
    "mfa_activate_totp": 302,
    "mfa_deactivate_totp": 404,
    "mfa_view_recovery_codes": 404,
    "mfa_generate_recovery_codes": 302,
    "mfa_download_recovery_codes": 404,
    "mfa_add_webauthn": 302,
    "mfa_list_webauthn": 302,
    "mfa_reauthenticate_webauthn": 302,
    "passkey_list": 302,
    "usersessions_list": 200,
    "account_edit": 302,
    "session_list": 200,
    "session_end_others": 405,
    "user_remember": 405,
    "form_keep": 405,
}
TABLE = """
address                  by   dis str cad sec gri han pro dep out aud adm idl
home                     GET  302 302 302 302 302 302 302 302 302 302 302 302
search                   GET  200 200 200 200 200 200 200 200 200 200 200 200
session_end              POST 404 404 404 302 404 404 404 404 404 404 404 404
passkey_rename           GET  404 404 404 302 404 404 404 404 404 404 404 404
passkey_remove           GET  404 404 404 302 404 404 404 404 404 404 404 404
mfa_edit_webauthn        GET  404 404 404 302 404 404 404 404 404 404 404 404
mfa_remove_webauthn      GET  404 404 404 302 404 404 404 404 404 404 404 404
inbox_list               GET  200 200 200 200 200 200 200 200 200 200 200 200
inbox_read_all           POST 302 302 302 302 302 302 302 302 302 302 302 302
job_list                 GET  200 200 200 200 200 200 200 200 200 200 200 200
job_detail               GET  404 404 404 200 404 404 404 404 404 404 404 404
job_cancel               POST 404 404 404 302 404 404 404 404 404 404 404 404
notice_read              POST 404 404 404 302 404 404 404 404 404 404 404 404
division_list            GET  200 200 200 200 200 403 403 200 200 200 200 403
compound_list            GET  200 200 200 200 200 403 403 200 200 200 200 403
compound_detail          GET  200 200 200 200 200 404 404 200 404 200 200 404
compound_edit            GET  200 200 403 200 403 404 404 200 404 403 200 404
household_create         GET  200 200 200 200 200 404 404 200 404 403 404 404
building_edit            GET  200 200 403 200 403 404 404 200 404 403 200 404
household_list           GET  200 200 200 200 200 403 403 200 200 200 403 403
household_detail         GET  200 200 200 200 200 404 404 200 404 200 404 404
household_edit           GET  200 200 200 200 200 404 404 200 404 403 404 404
household_split          GET  200 200 200 200 200 404 404 200 404 403 404 404
household_join           GET  200 200 200 200 200 404 404 200 404 403 404 404
duplicate_list           GET  200 200 200 200 200 403 403 200 200 200 403 403
duplicate_decline        POST 302 302 302 302 302 404 404 302 404 403 404 404
duplicate_withdraw       GET  200 200 200 200 200 404 404 200 404 403 404 404
merge_list               GET  200 200 200 200 200 403 403 200 200 200 403 403
merge_compare            GET  200 200 200 200 200 404 404 200 404 403 404 404
merge_propose            POST 302 302 302 302 302 404 404 302 404 403 404 404
merge_detail             GET  200 200 200 200 200 404 404 200 404 200 404 404
merge_undo               GET  200 200 200 200 200 404 404 200 404 403 404 404
resident_list            GET  200 200 200 200 200 403 403 200 200 200 403 403
resident_create          GET  200 200 200 200 200 404 404 200 404 403 404 404
resident_detail          GET  200 200 200 200 200 404 404 200 404 200 404 404
resident_edit            GET  200 200 200 200 200 404 404 200 404 403 404 404
life_list                GET  200 200 200 200 200 403 403 200 200 200 403 403
life_create              GET  200 200 200 200 200 404 404 200 404 403 404 404
life_undo                GET  200 200 200 200 200 404 404 200 404 403 404 404
household_vacate         POST 302 302 302 302 302 404 404 302 404 403 404 404
household_head           POST 302 302 302 302 302 404 404 302 404 403 404 404
resident_reveal          GET  200 200 200 200 200 404 404 200 404 403 404 404
roster_list              GET  200 200 200 200 200 403 403 200 200 200 200 403
roster_template          GET  200 200 200 200 200 403 403 200 200 403 200 403
roster_create            GET  200 200 200 200 200 403 403 200 200 403 200 403
roster_detail            GET  200 200 200 200 404 404 404 200 404 200 404 404
roster_map               GET  200 200 200 200 404 404 404 200 404 403 404 404
roster_check             GET  200 200 200 200 404 404 404 200 404 403 404 404
roster_apply             GET  200 200 200 200 404 404 404 200 404 403 404 404
roster_revert            GET  200 200 200 200 404 404 404 200 404 403 404 404
roster_faults            POST 200 200 200 200 404 404 404 200 404 403 404 404
roster_slips             POST 302 404 404 404 404 404 404 404 404 403 302 404
register_home            GET  200 200 200 200 200 403 403 200 200 200 200 403
completeness_list        GET  302 302 302 302 302 403 403 302 302 302 403 403
completeness_detail      GET  200 200 200 200 404 404 404 200 404 200 403 404
gap_list                 GET  200 200 200 200 404 404 404 200 404 200 403 404
household_verify         POST 302 302 302 302 302 404 404 302 404 403 404 404
household_unverify       POST 403 403 403 302 403 404 404 403 404 403 404 404
building_verify          GET  200 200 200 200 200 404 404 200 404 403 404 404
resident_history         GET  200 200 200 200 200 404 404 200 404 200 404 404
household_history        GET  200 200 200 200 200 404 404 200 404 200 404 404
compound_history         GET  200 200 200 200 200 404 404 200 404 200 200 404
unit_history             GET  200 200 200 200 404 404 404 200 404 200 200 404
division_history         GET  200 200 200 200 404 404 404 200 404 200 200 404
compound_manage          GET  200 200 403 200 403 404 404 200 404 403 200 404
management_undo          POST 302 302 403 302 404 404 404 302 404 403 302 404
management_cancel        POST 302 302 403 302 404 404 404 302 404 403 302 404
suggestion_list          GET  200 200 200 200 200 200 200 200 200 200 200 200
suggestion_find          GET  200 200 200 200 200 403 403 200 200 200 200 403
suggestion_create        GET  302 302 200 302 200 404 404 302 404 200 302 404
suggestion_detail        GET  200 200 200 200 200 404 404 200 404 200 200 404
suggestion_accept        GET  302 302 403 302 403 404 404 302 404 403 302 404
suggestion_decline       GET  200 200 403 200 403 404 404 200 404 403 200 404
suggestion_withdraw      GET  403 403 403 403 200 404 404 403 404 403 403 404
suggestion_reveal        GET  200 200 200 200 200 404 404 200 404 403 404 404
reorganisation_list      GET  200 200 403 200 403 403 403 200 200 200 200 403
reorganisation_create    GET  200 403 403 403 404 404 404 403 404 403 200 404
reorganisation_detail    GET  200 200 404 200 404 404 404 200 404 200 200 404
reorganisation_confirm   GET  302 403 404 403 404 404 404 403 404 403 302 404
reorganisation_cancel    GET  200 403 404 403 404 404 404 403 404 403 200 404
unit_list                GET  200 200 200 200 200 403 403 200 200 200 200 403
unit_detail              GET  200 200 200 200 404 404 404 200 404 200 200 404
unit_edit                GET  200 200 403 200 404 404 404 200 404 403 200 404
division_detail          GET  200 200 200 200 404 404 404 200 404 200 200 404
division_edit            GET  200 200 403 200 404 404 404 200 404 403 200 404
compound_create          GET  200 200 403 200 404 404 404 200 404 403 200 404
unit_create              GET  200 200 403 200 404 404 404 200 404 403 200 404
staff_list               GET  200 403 403 403 403 403 403 403 403 200 200 403
staff_create             GET  200 403 403 403 403 403 403 403 403 403 200 403
staff_detail             GET  200 404 404 404 404 404 404 404 404 200 200 404
staff_edit               GET  200 404 404 404 404 404 404 404 404 403 200 404
staff_password           GET  200 404 404 404 404 404 404 404 404 403 200 404
staff_second_factor      GET  200 404 404 404 404 404 404 404 404 403 200 404
staff_sign_out           GET  200 404 404 404 404 404 404 404 404 403 200 404
staff_disable            GET  200 404 404 404 404 404 404 404 404 403 200 404
staff_enable             GET  200 404 404 404 404 404 404 404 404 403 200 404
assignment_create        GET  200 404 404 404 404 404 404 404 404 403 200 404
assignment_end           GET  200 404 404 404 404 404 404 404 404 403 200 404
leave_list               GET  200 200 200 200 200 200 200 200 200 200 200 200
leave_create             GET  200 200 200 200 200 200 200 200 200 200 200 200
leave_detail             GET  200 200 200 200 200 404 404 200 404 200 404 404
leave_confirm            GET  200 200 403 200 403 404 404 200 404 403 404 404
leave_decline            GET  200 200 403 200 403 404 404 200 404 403 404 404
leave_withdraw           GET  200 200 403 200 200 404 404 200 404 403 404 404
leave_return             GET  200 200 403 200 200 404 404 200 404 403 404 404
shift_list               GET  200 200 200 200 200 403 403 200 200 200 403 403
shift_print              GET  200 200 200 200 200 403 403 200 200 200 403 403
shift_edit               GET  200 200 403 200 404 404 404 200 404 403 404 404
shift_rotate             GET  200 200 403 200 404 404 404 200 404 403 404 404
swap_create              GET  403 403 403 403 200 404 404 403 404 403 404 404
swap_detail              GET  404 404 200 404 200 404 404 404 404 404 404 404
swap_accept              GET  404 404 200 404 403 404 404 404 404 404 404 404
swap_decline             GET  404 404 200 404 403 404 404 404 404 404 404 404
swap_withdraw            GET  404 404 403 404 200 404 404 404 404 404 404 404
handover_list            GET  200 200 200 200 200 200 200 200 200 200 200 200
handover_create          GET  200 200 200 200 200 200 200 200 200 200 200 200
handover_detail          GET  200 200 200 200 200 404 404 200 404 200 404 404
handover_print           GET  200 200 200 200 200 404 404 200 404 200 404 404
handover_confirm         GET  403 403 200 403 403 404 404 403 404 403 404 404
handover_send_back       GET  403 403 200 403 403 404 404 403 404 403 404 404
handover_prepare_again   GET  200 200 403 200 200 404 404 200 404 403 404 404
handover_cancel          GET  200 200 403 200 200 404 404 200 404 403 404 404
reassignment_create      GET  200 200 403 200 403 403 403 200 200 403 403 403
reassignment_detail      GET  200 200 200 200 200 404 404 200 404 200 404 404
review_list              GET  200 403 403 403 403 403 403 403 403 200 200 403
review_detail            GET  200 404 404 404 404 404 404 404 404 200 200 404
review_confirm           POST 302 404 404 404 404 404 404 404 404 403 302 404
review_decide            GET  200 404 404 404 404 404 404 404 404 403 200 404
review_finish            GET  200 404 404 404 404 404 404 404 404 403 200 404
review_print             GET  200 404 404 404 404 404 404 404 404 200 200 404
practice_list            GET  302 403 403 403 403 403 403 403 403 302 200 403
practice_detail          GET  200 404 404 404 404 404 404 404 404 200 200 404
practice_create          POST 302 404 404 404 404 404 404 404 404 403 302 404
practice_reset           GET  302 404 404 404 404 404 404 404 404 403 302 404
practice_trainee_create  GET  302 404 404 404 404 404 404 404 404 403 302 404
practice_card            GET  200 403 403 403 403 403 403 403 403 200 200 403
care_list                GET  200 200 200 200 200 403 403 200 200 200 403 403
care_detail              GET  200 200 200 200 200 404 404 200 404 200 404 404
care_create              GET  200 200 200 200 200 404 404 200 404 403 404 404
care_consent             GET  200 200 200 200 200 404 404 200 404 403 404 404
care_review              GET  200 200 200 200 200 404 404 200 404 403 404 404
care_end                 GET  200 200 200 200 200 404 404 200 404 403 404 404
care_purge               GET  200 200 403 200 403 404 404 200 404 403 404 404
consent_print            GET  200 200 200 200 200 404 404 200 404 403 404 404
wish_list                GET  200 200 200 200 200 403 403 200 200 200 403 403
wish_create              GET  200 200 200 200 200 404 404 200 404 403 404 404
wish_review              GET  200 200 200 200 200 404 404 200 404 403 404 404
wish_end                 GET  200 200 200 200 200 404 404 200 404 403 404 404
category_list            GET  200 200 403 200 403 403 403 200 200 200 200 403
category_create          GET  200 403 403 403 403 403 403 403 403 403 200 403
category_edit            GET  200 403 404 403 404 404 404 403 404 403 200 404
standard_list            GET  200 200 403 200 403 403 403 200 200 200 200 403
standard_create          GET  200 403 403 403 403 403 403 403 403 403 200 403
standard_edit            GET  200 403 404 403 404 404 404 403 404 403 200 404
retention_list           GET  200 200 403 200 403 403 403 200 200 200 200 403
retention_create         GET  200 403 403 403 403 403 403 403 403 403 200 403
retention_edit           GET  200 403 404 403 404 404 404 403 404 403 200 404
purge_list               GET  200 200 403 200 403 403 403 200 200 200 403 403
purge_propose_all        POST 302 302 403 302 403 403 403 302 302 403 403 403
purge_propose            GET  200 200 403 200 403 404 404 200 404 403 404 404
purge_detail             GET  200 200 404 200 404 404 404 200 404 200 404 404
purge_confirm            GET  200 200 404 403 404 404 404 403 404 403 404 404
purge_withdraw           GET  200 200 404 200 404 404 404 200 404 403 404 404
resident_extract         GET  200 200 200 200 200 404 404 200 404 403 404 404
grant_list               GET  200 403 403 403 403 403 403 403 403 200 200 403
grant_create             GET  200 404 404 404 404 404 404 404 404 403 200 404
grant_end                GET  200 404 404 404 404 404 404 404 404 403 200 404
entry_list               GET  403 403 403 403 403 403 403 403 403 200 403 403
entry_export             POST 403 403 403 403 403 403 403 403 403 200 403 403
access_list              GET  403 403 403 403 403 403 403 403 403 200 403 403
access_export            POST 403 403 403 403 403 403 403 403 403 200 403 403
feedback_list            GET  200 200 200 200 200 200 200 200 200 200 200 200
feedback_create          GET  200 200 200 200 200 200 200 200 200 200 200 200
feedback_detail          GET  200 404 200 404 404 404 404 404 404 404 200 404
feedback_answer          GET  200 404 403 404 404 404 404 404 404 404 200 404
workday_list             GET  200 200 403 200 403 403 403 200 200 200 200 403
year_confirm             POST 200 403 403 403 403 403 403 403 403 403 200 403
workday_decide           GET  200 403 403 403 403 403 403 403 403 403 200 403
delivery_list            GET  200 403 403 403 403 403 403 403 403 403 200 403
delivery_retry           POST 302 404 404 404 404 404 404 404 404 404 302 404
division_export          POST 200 200 200 200 200 403 403 200 200 200 200 403
division_print           GET  200 200 200 200 404 404 404 200 404 200 200 404
compound_export          POST 200 200 200 200 200 403 403 200 200 200 200 403
building_print           GET  200 200 200 200 200 404 404 200 404 200 404 404
household_export         POST 200 200 200 200 200 403 403 200 200 200 403 403
label_print              GET  200 200 200 200 200 403 403 200 200 200 403 403
slip_print               GET  200 200 200 200 200 403 403 200 200 200 403 403
care_export              POST 200 200 200 200 200 403 403 200 200 200 403 403
resident_export          POST 200 200 200 200 200 403 403 200 200 200 403 403
unit_export              POST 200 200 200 200 200 403 403 200 200 200 200 403
staff_export             POST 200 403 403 403 403 403 403 403 403 200 200 403
sheet_download           GET  404 404 404 200 404 404 404 404 404 404 404 404
blank_list               GET  200 200 200 200 200 403 403 200 200 403 200 403
blank_create             GET  200 200 200 200 200 403 403 200 200 403 200 403
blank_map                GET  200 200 200 200 403 404 404 200 404 403 200 404
blank_again              POST 302 302 302 302 302 403 403 302 404 403 302 403
blank_rows               GET  404 404 404 200 404 404 404 404 404 404 404 404
blank_fill               GET  404 404 404 200 404 404 404 404 404 404 404 404
blank_fill_detail        GET  404 404 404 200 404 404 404 404 404 404 404 404
blank_fill_download      POST 404 404 404 200 404 404 404 404 404 404 404 404
issue_list               GET  200 200 200 200 200 200 200 200 200 200 200 200
issue_desk               GET  200 200 200 200 200 200 200 200 200 200 200 200
issue_create             GET  200 200 200 200 200 403 403 200 200 403 403 403
issue_export             POST 200 200 200 200 200 200 200 200 200 200 200 200
issue_detail             GET  200 200 200 200 200 200 404 200 404 200 404 404
issue_print              GET  200 200 200 200 200 200 404 200 404 200 404 404
issue_reveal             GET  200 200 200 302 200 302 404 302 404 403 404 404
issue_register           GET  200 200 403 200 403 404 404 200 404 403 404 404
issue_take               GET  403 403 403 200 403 404 404 200 404 403 404 404
issue_dispatch           GET  200 200 403 200 403 404 404 200 404 403 404 404
issue_send_up            GET  200 200 403 200 403 404 404 200 404 403 404 404
issue_reassign           GET  200 200 403 403 403 403 404 403 404 403 404 404
issue_sign               GET  403 403 403 403 403 200 404 403 404 403 404 404
issue_hand_on            GET  403 403 403 403 403 200 404 403 404 403 404 404
issue_report_done        GET  403 403 403 403 403 200 404 403 404 403 404 404
issue_confirm            GET  200 200 403 200 403 403 404 200 404 403 404 404
issue_confirm_not        GET  200 200 403 200 403 403 404 200 404 403 404 404
issue_no_answer          GET  200 200 403 200 403 403 404 200 404 403 404 404
issue_close_unreachable  GET  200 200 403 200 403 403 404 200 404 403 404 404
issue_comment            GET  200 200 403 200 403 200 404 200 404 403 404 404
visit_list               GET  200 200 200 200 200 403 403 200 200 200 403 403
visit_export             POST 302 302 302 302 302 403 403 302 302 302 403 403
visit_create             GET  403 200 200 200 200 404 404 200 404 403 404 404
visit_blank              GET  200 200 200 200 200 403 403 200 200 200 403 403
visit_sheet              GET  200 200 200 200 200 404 404 200 404 200 404 404
visit_detail             GET  200 200 200 200 200 404 404 200 404 200 404 404
visit_edit               GET  403 403 200 403 403 404 404 403 404 403 404 404
visit_void               GET  403 200 200 200 200 404 404 200 404 403 404 404
visit_print              GET  200 200 200 200 200 404 404 200 404 200 404 404
opinion_list             GET  200 200 200 200 200 403 403 200 200 200 403 403
opinion_export           POST 302 302 302 302 302 403 403 302 302 302 403 403
round_list               GET  200 200 200 200 200 403 403 200 200 200 403 403
round_household          GET  200 200 200 200 200 404 404 200 404 200 404 404
round_met                POST 403 400 400 400 400 404 404 400 404 403 404 404
round_missed             POST 403 400 400 400 400 404 404 400 404 403 404 404
round_call               POST 403 403 403 403 403 404 404 403 404 403 404 404
round_undo               POST 403 403 302 403 403 404 404 403 404 403 404 404
dashboard                GET  200 200 403 200 403 403 403 200 200 200 403 403
dashboard_division       GET  200 200 403 200 404 404 404 200 404 200 403 404
dashboard_households     GET  200 200 403 200 404 404 404 200 404 200 403 404
dashboard_export         GET  200 200 403 200 404 404 404 200 404 200 403 404
"""
EXPECTED = {line.split()[0]: line.split()[1:] for line in TABLE.strip().splitlines()[1:]}


@pytest.fixture
def rows(town):
    return rows_of(town)


def test_every_address_stands_in_the_table():
    closed = {address.name for address in addresses() if address.name not in PUBLIC and address.route not in SHUT}
    assert closed == {*EXPECTED, *OWN}


def test_roles(client, town, rows):
    wrong = {}
    for column, (role, who) in enumerate(ROLES.items()):
        client.force_login(getattr(town, who))
        for name, (method, *statuses) in EXPECTED.items():
            url, expected = reverse(name, kwargs=rows.get(name)), int(statuses[column])
            if (status := ask(client, method, url)) != expected:
                wrong[f"{role}: {method} {name}"] = (status, expected)
            # A rule that only hides the page is none: what may not be opened may not be sent either.
            if (
                method == "GET"
                and expected in (403, 404)
                and (status := ask(client, "POST", url)) not in (expected, 405)
            ):
                wrong[f"{role}: POST {name}"] = (status, expected)
    assert wrong == {}


def ask(client, method, url):
    """The status of the answer; whatever the request has changed is taken back."""
    with transaction.atomic():
        status = getattr(client, method.lower())(url).status_code
        transaction.set_rollback(True)
    return status


def test_own_account(client, town):
    client.force_login(town.cadre)
    assert {name: client.get(reverse(name)).status_code for name in OWN} == OWN
