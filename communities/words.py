"""The journal in plain words: what its codes are called, and which page shows the thing that a line is about.

Things of the rooms above are names here, no imports; what has no word of its own is called as its workflow calls it.
"""

from dataclasses import dataclass

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from accounts.models import DOOR_WORDS
from communities.access import Role
from communities.models import Resident

# type of the subject -> (its name, the page that shows it by its number)
THINGS = {
    "issues.issue": (gettext_lazy("Resident issue"), "issue_detail"),
    "visits.visit": (gettext_lazy("Visit"), "visit_detail"),
    "visits.opinion": (gettext_lazy("Opinion"), ""),
    "communities.leave": (gettext_lazy("Leave"), "leave_detail"),
    "communities.shift": (gettext_lazy("Shift"), ""),
    "communities.swap": (gettext_lazy("Swap of shifts"), "swap_detail"),
    "communities.handover": (gettext_lazy("Hand-over"), "handover_detail"),
    "communities.reassignment": (gettext_lazy("Reassignment"), "reassignment_detail"),
    "communities.household": (gettext_lazy("Household"), "household_detail"),
    "communities.resident": (gettext_lazy("Resident"), ""),
    "communities.careentry": (gettext_lazy("Care entry"), "care_detail"),
    "communities.carecategory": (gettext_lazy("Care category"), ""),
    "communities.carestandard": (gettext_lazy("Care level"), ""),
    "communities.caregrant": (gettext_lazy("Permission to see sensitive categories"), ""),
    "communities.retentionrule": (gettext_lazy("Retention"), ""),
    "communities.purge": (gettext_lazy("Clearing of data"), "purge_detail"),
    "communities.lifeevent": (gettext_lazy("Birth, death, move"), ""),
    "communities.compound": (gettext_lazy("Compound"), "compound_detail"),
    "communities.merge": (gettext_lazy("Merge"), "merge_detail"),
    "communities.notthesame": (gettext_lazy("Two, not one"), ""),
    "communities.building": (gettext_lazy("Building"), ""),
    "communities.division": (gettext_lazy("Place"), ""),
    "communities.unit": (gettext_lazy("Unit"), "unit_detail"),
    "communities.blankform": (gettext_lazy("Form"), "blank_map"),
    "communities.blankfill": (gettext_lazy("Filled form"), "blank_fill_detail"),
    "communities.sheet": (gettext_lazy("Table"), "sheet_download"),
    "communities.roster": (gettext_lazy("Import"), "roster_detail"),
    "communities.review": (gettext_lazy("Review of accounts"), "review_detail"),
    "communities.reviewline": (gettext_lazy("Line of a review"), ""),
    "accounts.user": (gettext_lazy("Account"), "staff_detail"),
    "communities.assignment": (gettext_lazy("Post"), ""),
    "communities.suggestion": (gettext_lazy("Suggested correction"), "suggestion_detail"),
    "communities.managementchange": (gettext_lazy("Change of management"), ""),
    "communities.reorganisation": (gettext_lazy("Change of the territory"), "reorganisation_detail"),
    "communities.feedback": (gettext_lazy("Feedback"), "feedback_detail"),
    "workdays.workday": (gettext_lazy("Working day"), ""),
    "workdays.year": (gettext_lazy("Calendar year"), ""),
    "notices.delivery": (gettext_lazy("Sending"), ""),
}
VERBS = {
    "map_columns": pgettext_lazy("journal", "said which column is what"),
    "begin_check": pgettext_lazy("journal", "began to check the ledger"),
    "end_check": pgettext_lazy("journal", "checked the ledger"),
    "drop_check": pgettext_lazy("journal", "broke off the check"),
    "begin_apply": pgettext_lazy("journal", "began to enter the ledger"),
    "end_apply": pgettext_lazy("journal", "entered the ledger"),
    "drop_apply": pgettext_lazy("journal", "broke off entering and took back what was entered"),
    "begin_revert": pgettext_lazy("journal", "began to take the import back"),
    "end_revert": pgettext_lazy("journal", "took the import back"),
    "drop_revert": pgettext_lazy("journal", "did not take the import back"),
    "receive": pgettext_lazy("journal", "uploaded"),
    "take_back": pgettext_lazy("journal", "taken back with the import"),
    "purge_file": pgettext_lazy("journal", "deleted the uploaded file"),
    "show_slips": pgettext_lazy("journal", "showed first passwords"),
    **DOOR_WORDS,
    "practice_create": pgettext_lazy("journal", "made the practice ground"),
    "practice_reset": pgettext_lazy("journal", "renewed the practice ground"),
    "review_open": pgettext_lazy("journal", "began the review of accounts"),
    "review_confirm": pgettext_lazy("journal", "confirmed the posts in the review"),
    "review_change": pgettext_lazy("journal", "marked the posts for a change in the review"),
    "review_end": pgettext_lazy("journal", "ended the posts in the review"),
    "review_finish": pgettext_lazy("journal", "finished the review of accounts"),
    "lapse": pgettext_lazy("journal", "closed the account, which nobody used"),
    "sign_out_everywhere": pgettext_lazy("journal", "signed the person out everywhere"),
    "add_app": pgettext_lazy("journal", "set up the authenticator app"),
    "remove_app": pgettext_lazy("journal", "switched off the authenticator app"),
    "add_passkey": pgettext_lazy("journal", "added a passkey"),
    "remove_passkey": pgettext_lazy("journal", "removed a passkey"),
    "renew_codes": pgettext_lazy("journal", "made new recovery codes"),
    "accept": pgettext_lazy("journal", "agreed"),
    "accept_visits": pgettext_lazy("journal", "entered that visits are welcome again"),
    "agree": pgettext_lazy("journal", "documented the consent"),
    "confirm_wish": pgettext_lazy("journal", "asked again: no visits are wished"),
    "decline_visits": pgettext_lazy("journal", "entered that no visits are wished"),
    "enter_care": pgettext_lazy("journal", "put on the care register"),
    "end_care": pgettext_lazy("journal", "ended the care entry"),
    "end_grant": pgettext_lazy("journal", "ended the permission"),
    "grant": pgettext_lazy("journal", "gave the permission"),
    "purge": pgettext_lazy("journal", "cleared the data"),
    "confirm_purge": pgettext_lazy("journal", "cleared the data"),
    "withdraw_purge": pgettext_lazy("journal", "decided to keep the data"),
    "review": pgettext_lazy("journal", "looked at it again: still right"),
    "add": pgettext_lazy("journal", "entered"),
    "answer": pgettext_lazy("journal", "answered"),
    "assign": pgettext_lazy("journal", "gave the post"),
    "cancel": pgettext_lazy("journal", "cancelled"),
    "carry_out": pgettext_lazy("journal", "carried it out"),
    "categorise": pgettext_lazy("journal", "set the care categories"),
    "choose": pgettext_lazy("journal", "chose rows"),
    "change_password": pgettext_lazy("journal", "changed the own password"),
    "close_unreachable": pgettext_lazy("journal", "closed as not reachable"),
    "comment": pgettext_lazy("journal", "wrote a note"),
    "confirm": pgettext_lazy("journal", "confirmed"),
    "confirm_not": pgettext_lazy("journal", "sent back as not solved"),
    "correct": pgettext_lazy("journal", "corrected"),
    "decide": pgettext_lazy("journal", "decided the day"),
    "decline": pgettext_lazy("journal", "declined"),
    "disable": pgettext_lazy("journal", "disabled"),
    "dispatch": pgettext_lazy("journal", "dispatched"),
    "drop_second_factor": pgettext_lazy("journal", "removed the second factor"),
    "enable": pgettext_lazy("journal", "enabled"),
    "end": pgettext_lazy("journal", "ended the post"),
    "enter_life": pgettext_lazy("journal", "entered what happened"),
    "undo_life": pgettext_lazy("journal", "took the entry back"),
    "life_undone": pgettext_lazy("journal", "is again as before the entry"),
    "life_birth": pgettext_lazy("journal", "entered the birth"),
    "life_move_in": pgettext_lazy("journal", "entered that the person lives here again"),
    "life_tenant_in": pgettext_lazy("journal", "entered the tenant's return"),
    "life_death": pgettext_lazy("journal", "entered the death"),
    "life_move_out": pgettext_lazy("journal", "entered that the person moved away"),
    "life_tenant_out": pgettext_lazy("journal", "entered that the tenant moved out"),
    "life_move": pgettext_lazy("journal", "entered the move to another home"),
    "life_hospital_in": pgettext_lazy("journal", "entered the stay in hospital"),
    "life_hospital_out": pgettext_lazy("journal", "entered the return from hospital"),
    "life_away": pgettext_lazy("journal", "entered the absence"),
    "life_back": pgettext_lazy("journal", "entered the return home"),
    "life_residency": pgettext_lazy("journal", "entered residence and registration"),
    "enlist": pgettext_lazy("journal", "opened the account"),
    "establish": pgettext_lazy("journal", "established"),
    "fill": pgettext_lazy("journal", "filled in"),
    "found": pgettext_lazy("journal", "founded"),
    "give": pgettext_lazy("journal", "gave feedback"),
    "give_shift": pgettext_lazy("journal", "gave the shift to somebody else"),
    "hand_on": pgettext_lazy("journal", "handed it on to a colleague"),
    "issue_password": pgettext_lazy("journal", "issued a new password"),
    "leave": pgettext_lazy("journal", "entered the departure"),
    "log": pgettext_lazy("journal", "logged the visit"),
    "map": pgettext_lazy("journal", "said what belongs where"),
    "no_answer": pgettext_lazy("journal", "reached nobody"),
    "prepare": pgettext_lazy("journal", "prepared the hand-over"),
    "prepare_again": pgettext_lazy("journal", "prepared the hand-over anew"),
    "propose": pgettext_lazy("journal", "proposed"),
    "put": pgettext_lazy("journal", "put on duty"),
    "reassign": pgettext_lazy("journal", "dispatched anew"),
    "register": pgettext_lazy("journal", "registered"),
    "release_work": pgettext_lazy("journal", "gave open work back to the office"),
    "reminded": pgettext_lazy("journal", "reminded"),
    "rename": pgettext_lazy("journal", "renamed"),
    "report": pgettext_lazy("journal", "recorded"),
    "report_done": pgettext_lazy("journal", "reported as done"),
    "request_leave": pgettext_lazy("journal", "entered the leave"),
    "retry": pgettext_lazy("journal", "sent again"),
    "return_early": pgettext_lazy("journal", "entered an early return"),
    "send_back": pgettext_lazy("journal", "sent back"),
    "send_up": pgettext_lazy("journal", "sent up"),
    "sign": pgettext_lazy("journal", "signed for"),
    "solve_on_spot": pgettext_lazy("journal", "solved on the spot"),
    "take": pgettext_lazy("journal", "took on"),
    "draw_up": pgettext_lazy("journal", "drew up the change"),
    "join": pgettext_lazy("journal", "joined the suggestion"),
    "manage": pgettext_lazy("journal", "changed the management"),
    "manage_undone": pgettext_lazy("journal", "took back the change of management"),
    "plan": pgettext_lazy("journal", "planned"),
    "reorganise": pgettext_lazy("journal", "moved into another place"),
    "split_off": pgettext_lazy("journal", "split off a place"),
    "suggest": pgettext_lazy("journal", "suggested a correction"),
    "undo_verify": pgettext_lazy("journal", "took back the check"),
    "verify": pgettext_lazy("journal", "checked"),
    "verify_households": pgettext_lazy("journal", "checked the households"),
    "void": pgettext_lazy("journal", "voided"),
    "withdraw": pgettext_lazy("journal", "withdrew"),
    "merge": pgettext_lazy("journal", "merged another record into this one"),
    "merge_into": pgettext_lazy("journal", "merged this record into another one"),
    "unmerge": pgettext_lazy("journal", "put back what was before the merge"),
    "move_along": pgettext_lazy("journal", "moved along with the household"),
    "split": pgettext_lazy("journal", "split the household"),
    "not_the_same": pgettext_lazy("journal", "said that these are two"),
    "propose_merge": pgettext_lazy("journal", "proposed to merge"),
    "undo": pgettext_lazy("journal", "undid the merge"),
}
ACCESSES = {
    "phone": gettext_lazy("Phone number"),
    "id_number": gettext_lazy("ID number"),
    "extract": gettext_lazy("Extract for the person"),
    "text": gettext_lazy("Confidential text"),
}
EXPORTS = {
    "roster_faults": gettext_lazy("Faulty rows of an import"),
    "issues": gettext_lazy("Resident issues"),
    "visits": gettext_lazy("Visits"),
    "opinions": gettext_lazy("Opinions"),
    "dashboard": gettext_lazy("Dashboard"),
    "entries": gettext_lazy("Journal"),
    "accesses": gettext_lazy("Log of accesses"),
    "households": gettext_lazy("Households"),
    "residents": gettext_lazy("Residents"),
    "care": gettext_lazy("Care register"),
    "compounds": gettext_lazy("Compounds"),
    "units": gettext_lazy("Units"),
    "divisions": gettext_lazy("Places"),
    "staff": gettext_lazy("Staff"),
    "blank_forms": gettext_lazy("Filled forms"),
    "labels": gettext_lazy("Address labels"),
    "building_lists": gettext_lazy("Building lists"),
}
JOBS = {
    "communities.tasks.look_after_rosters": gettext_lazy("Files of imports"),
    "communities.tasks.disable_idle": gettext_lazy("Closing unused accounts"),
    "communities.tasks.keep_reviews": gettext_lazy("Quarterly reviews of accounts"),
    "foundation.notices.tasks.deliver_notices": gettext_lazy("Sending e-mail"),
    "foundation.jobs.tasks.run_jobs": gettext_lazy("Long work"),
    "foundation.jobs.tasks.sweep_jobs": gettext_lazy("Clearing away old work"),
    "communities.tasks.release_left_work": gettext_lazy("Open work of people who left"),
    "communities.tasks.adopt_late_comers": gettext_lazy("Bringing late entries of merged records along"),
    "communities.tasks.keep_registers": gettext_lazy("Changes of places and compounds on their day"),
    "communities.tasks.throw_files_away": gettext_lazy("Clearing old files"),
    "issues.tasks.remind_issues": gettext_lazy("Reminders of issues"),
    "communities.tasks.remind_of_purges": gettext_lazy("Data to be cleared"),
}


def thing_word(subject_type):
    """What a type of thing is called; for an unknown one its model's own name."""
    if subject_type in THINGS:
        return str(THINGS[subject_type][0])
    try:
        return str(apps.get_model(subject_type)._meta.verbose_name)
    except (LookupError, ValueError):
        return subject_type


def verb_word(subject_type, verb):
    """What a verb is called: the word of this table, else that of the workflow of the thing, else the code itself."""
    if verb in VERBS:
        return str(VERBS[verb])
    try:
        return str(apps.get_model(subject_type).MOVES[verb].label)
    except (LookupError, ValueError, AttributeError):
        return verb.replace("_", " ")


def field_words(subject_type, names):
    """The labels of changed fields; a field that no longer exists keeps its old name."""
    return [field_word(subject_type, name) for name in names]


def field_word(subject_type, name):
    try:
        return str(apps.get_model(subject_type)._meta.get_field(name).verbose_name)
    except (LookupError, ValueError, FieldDoesNotExist, AttributeError):
        return name


def status_word(subject_type, status):
    try:
        choices = dict(apps.get_model(subject_type)._meta.get_field("status").flatchoices)
    except (LookupError, ValueError, FieldDoesNotExist):
        return status
    return str(choices.get(status, status))


def access_word(what):
    """What was looked at or taken away: "phone" -> "Phone number", "export:issues" -> "Export: Resident issues"."""
    kind, _colon, of = what.partition(":")
    if kind != "export":
        return str(ACCESSES.get(what, what))
    return _("Export: %(of)s") % {"of": EXPORTS.get(of, of)}


@dataclass(frozen=True)
class Line:
    """A row of the journal or of the log of accesses as a page shows it."""

    row: object
    words: str
    thing: str
    url: str
    details: str
    occasion: str = ""
    occasion_url: str = ""


def lines(rows):
    """These rows in plain words. One query more if residents are among them: their page is that of the household."""
    rows = list(rows)
    pks = [row.subject_id for row in rows if row.subject_type == "communities.resident"]
    people = Resident.objects.only("name", "household_id", "purged_at").in_bulk(pks) if pks else {}
    return [line(row, people) for row in rows]


def line(row, people):
    facts = {"row": row, "thing": name_of(row, people), "url": page_of_subject(row, people)}
    if hasattr(row, "verb"):
        return Line(**facts, words=verb_word(row.subject_type, row.verb), details=details_of(row))
    occasion, address = occasion_of(row.context)
    return Line(**facts, words=access_word(row.what), details="", occasion=occasion, occasion_url=address)


def occasion_of(label):
    """(name, address) of the due visit or issue that justified an access: "issues.issue:5" -> ("Resident issue 5", its page)."""
    kind, _colon, pk = label.partition(":")
    if not pk.isdecimal():
        return label, ""
    page = THINGS.get(kind, ("", ""))[1]
    return f"{thing_word(kind)} {pk}", reverse(page, args=[pk]) if page else ""


def name_of(row, people):
    if not row.subject_id:
        return ""
    if row.subject_type == "communities.resident" and row.subject_id in people:
        return f"{thing_word(row.subject_type)} {people[row.subject_id].masked_name}"
    return f"{thing_word(row.subject_type)} {row.subject_id}"


def page_of_subject(row, people):
    """The address of the page about the subject, "" if there is none. It asks the reader's own rights again."""
    if row.subject_type == "communities.division":
        return reverse("division_detail", args=[row.area_path]) if row.area_path else ""
    if row.subject_type == "communities.assignment":
        person = row.data.get("user") if hasattr(row, "data") else None
        return reverse("staff_detail", args=[person]) if person else ""
    if row.subject_id in people and row.subject_type == "communities.resident":
        return people[row.subject_id].get_absolute_url()
    page = THINGS.get(row.subject_type, ("", ""))[1]
    return reverse(page, args=[row.subject_id]) if page and row.subject_id else ""


def details_of(entry):
    """States before and after, and the names of the fields that changed; never their contents. Of a post its role."""
    if entry.subject_type == "communities.assignment":
        return str(dict(Role.choices).get(entry.data.get("role"), ""))
    if entry.before != entry.after:
        steps = [status_word(entry.subject_type, state) for state in (entry.before, entry.after) if state]
        return " → ".join(steps)
    if entry.verb in ("issue_password", "disable", "enable", "end", "answer"):
        return ""
    comma = _(", ")
    return comma.join(field_words(entry.subject_type, entry.fields))
