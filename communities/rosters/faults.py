"""What can be wrong with a file, a row or a cell, in words. Facts are numbers and codes: what stood in the cell is never kept."""

from django.utils.translation import gettext_lazy as _

# The file as a whole. At the upload form or as the end of a job.
FILES = {
    "empty": _("The file is empty."),
    "too_large": _("The file is larger than %(most)s MB. Please split it."),
    "extension": _("Only .xlsx, .xls and .csv files can be read."),
    "other_content": _(
        "The name of the file does not fit its content. Open it in Excel or WPS, save it as .xlsx, and send that."
    ),
    "encrypted": _("The file is protected by a password. Save it without a password and send it again."),
    "corrupt": _(
        "The file cannot be read; it is damaged. Open it in Excel or WPS, save it anew as .xlsx, and send that."
    ),
    "bomb": _("The file is small, but unpacks to far more than a roster holds. It was not opened."),
    "macros": _("The file holds macros. Please save it as .xlsx without macros and send that."),
    "encoding": _("The letters of this .csv file cannot be read. Save it as UTF-8 or GB18030, or as .xlsx."),
    "no_sheet": _("The file has no sheet with rows that can be seen."),
    "too_many_rows": _("The file has more than %(most)s rows. Please split it."),
    "no_headings": _("Row %(row)s holds no headings that fit the mapping any more."),
    "file_gone": _("The uploaded file has been deleted after its time. Please upload it again."),
    "no_right": _("You may no longer change this register in this place."),
    "moved_on": _("The import is no longer where it was when this began."),
    "built_upon": _("Something has been built on rows of this import since; it cannot be taken back as a whole."),
    "collision": _("Others changed the same rows at the same time, again and again. Please try once more."),
}

# Rows that are left out.
ROWS = {
    "missing": _("Must be filled in."),
    "too_long": _("Too long: at most %(most)s characters."),
    "wrong_type": _("The cell holds something else than this column needs (a yes/no value, a time, an Excel error)."),
    "formula": _("The cell holds a formula. Copy the column and paste it as values."),
    "merged": _("The cell is merged with others. Split it and fill in every row."),
    "became_date": _("Excel has turned this into a date. Format the column as text and type it again."),
    "control": _("The cell holds signs that cannot be printed."),
    "second_heading": _("This is a second heading row. Delete it; every roster has one."),
    "duplicate": _("The same as row %(row)s of this file."),
    "disagrees": _("Says something else than row %(row)s about the same household."),
    "id_checksum": _("Not a valid ID number: please compare the 18 characters."),
    "id_length": _("An ID number has 18 characters."),
    "id_old": _("An ID number of 15 digits is no longer valid; please enter the one of 18."),
    "precision_lost": _(
        "Excel has made a number of the ID number and lost its last digits. Format the column as text and enter it again."
    ),
    "bad_phone": _("Not a phone number: eleven digits, or a landline with its area code."),
    "bad_office_phone": _("Digits and hyphens only, for example 0396-1234567."),
    "bad_email": _("Not an e-mail address."),
    "bad_date": _("Not a day that can be read; for example 1950-01-03."),
    "incomplete_date": _("Only year or month; the day is missing."),
    "future_date": _("This day has not come yet."),
    "bad_number": _("Not a whole number from %(least)s to %(most)s."),
    "unknown_choice": _("Not one of the words for this column."),
    "not_granted": _("This care category needs a permission of its own, which you do not have here."),
    "unknown_place": _("There is no such community or grid."),
    "ambiguous_place": _("Several places have this name; please give the code."),
    "outside": _("Lies outside the place of this import, or outside your area."),
    "unknown_compound": _("There is no such compound here. Import the compounds first, or compare the name."),
    "ambiguous_compound": _("Several communities have a compound of this name; please fill in the community."),
    "somebody_else": _("This ID number is recorded for somebody with another name."),
    "other_door": _("This person is recorded at another door. Enter the move there, or correct the row."),
    "other_id": _("A person of this name and birth is recorded in this household with another ID number."),
    "several_people": _(
        "Several people of this name are recorded in this household; please fill in birth date or ID number."
    ),
    "left": _("This person is recorded as moved away or dead."),
    "unknown_unit": _("There is no such unit here."),
    "office_unit": _("Area offices are kept with their places, not as units."),
    "unknown_role": _("You cannot give this role here."),
    "role_place": _("This role cannot be held at this place."),
    "bad_username": _("Letters, digits and . - _ only, at most %(most)s."),
    "username_taken": _("This user name belongs to somebody else."),
    "phone_taken": _("This phone number belongs to another account."),
    "email_taken": _("This e-mail address belongs to another account."),
    "not_yours": _("You do not administer this account."),
    "gone_meanwhile": _("Changed by somebody else since the check; please check again."),
}

# What is told, but keeps no row out.
HINTS = {
    "full_width": _("Full-width digits or letters were read as ordinary ones."),
    "date_serial": _("A bare number was read as Excel's number of a day."),
    "date_from_id": _("The birth date is incomplete; it was taken from the ID number."),
    "birth_differs": _("The birth date differs from the one in the ID number; it was taken as written."),
    "sex_differs": _("The sex differs from the one in the ID number; it was taken as written."),
    "new_household": _("The household is new and will be entered, too."),
    "guardian": _("Under 14: the care category was left out, because a guardian must agree first."),
    "management_kept": _(
        "The management mode was left as it is; change it on the compound's page, with day and reason."
    ),
    "hidden_sheets": _("The file has %(n)s hidden sheets; they were not read."),
}
WORDS = FILES | ROWS | HINTS


def words_of(code, facts=None):
    """The sentence for a fault or hint in the active language."""
    return str(WORDS[code]) % (facts or {}) if code in WORDS else code


class FileFault(Exception):
    """The file as a whole cannot be read; `code` is a key of FILES."""

    def __init__(self, code, **facts):
        super().__init__(code)
        self.code, self.facts = code, facts

    def __str__(self):
        return words_of(self.code, self.facts)


class CellFault(Exception):
    """One cell cannot be read; `code` is a key of ROWS."""

    def __init__(self, code, **facts):
        super().__init__(code)
        self.code, self.facts = code, facts
