"""What stands on the one-page card of each role that can be learnt in the practice ground."""

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from communities.access import Role


@dataclass(frozen=True)
class Card:
    """`morning`: the first page of the day; `steps`: an exercise that goes through the role's work once."""

    morning: str
    steps: tuple
    careful: str


CAREFUL = _("Phone and ID numbers are shown only for a reason, and each look is logged.")
CARDS = {
    Role.GRID_WORKER: Card(
        _("Open “Field visits”: the people to be visited are listed, the most urgent first."),
        (
            _("Choose a household and tap “Met · all is well”: the visit is logged with two taps."),
            _("Choose another one where nobody is at home: tap “Nobody at home”."),
            _("At a third one write down what was said, choose a category and register it as an issue."),
            _("Open the household and correct something: a move, a phone number."),
            _("Take back a visit that you logged by mistake."),
        ),
        CAREFUL,
    ),
    Role.STREET_CADRE: Card(
        _("Open “Field visits”: the households of your communities, by what is due."),
        (
            _("Log a visit at which everything was well: two taps."),
            _("Log a visit with two opinions: solve one on the spot, register the other as an issue."),
            _("Enter a visit of yesterday: the page shows both days."),
            _("Print a visit sheet, fill it in by hand and enter it afterwards."),
            _("Find a household by its door number, by two characters of a name, by the last four digits of a phone."),
        ),
        CAREFUL,
    ),
    Role.SECRETARY: Card(
        _("Open “Today's work”: what came in, what is due, what waits for your call-back."),
        (
            _("Register an issue that came in and choose its category."),
            _("Give it to the property company of the community, or send it up to the street."),
            _("When it is reported as done, call the resident back and close it with what the resident said."),
            _("Look who was not visited for long."),
            _("Read the figures of your community and click from a number to its rows."),
        ),
        _("Whoever handled an issue never enters whether the resident is satisfied."),
    ),
    Role.COORDINATOR: Card(
        _("Open “Today's work”: what the communities sent up, and what is overdue."),
        (
            _("Dispatch an issue that was sent up to the practice bureau."),
            _("Look at its deadline and at who was reminded."),
            _("Dispatch it anew when the bureau is not competent."),
            _("Compare the communities' figures and print the report."),
        ),
        _("There are no rankings here: figures show where help is needed."),
    ),
    Role.HANDLER: Card(
        _("Open “Today's work”: the work orders of your unit, the oldest first."),
        (
            _("Sign for a work order on the day it comes."),
            _("Write to the community what you need to know."),
            _("Report what was done, in a sentence that the resident understands."),
            _("See what the call-back found."),
        ),
        _("You see the resident only as far as the work needs it."),
    ),
}
