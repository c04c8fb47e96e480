"""What people are told about the portal itself."""

from django.utils.translation import gettext_lazy as _

from foundation.notices.kinds import kind, name_group

name_group("feedback", _("Feedback"))

kind("feedback_answered", title=_("Your feedback on the portal was answered"), group="feedback")

name_group("team", _("Duty and leave"))

kind("leave_requested", title=_("A leave from %(since)s to %(until)s awaits your confirmation"), group="team")
kind(
    "leave_confirmed", title=_("The leave from %(since)s to %(until)s is confirmed, with its substitute"), group="team"
)
kind("leave_declined", title=_("The leave from %(since)s to %(until)s was declined"), group="team")
kind("leave_unattended", title=_("From %(since)s to %(until)s somebody is away without a substitute"), group="team")
kind("leave_ended", title=_("The leave ended early; you no longer stand in"), group="team")
kind("swap_proposed", title=_("A colleague asks you to take over the shift of %(on)s"), group="team")
kind("swap_accepted", title=_("Your swap of the shift of %(on)s was agreed to"), group="team")
kind("swap_declined", title=_("Your swap of the shift of %(on)s was declined"), group="team")
kind("handover_prepared", title=_("A hand-over with %(n)s open items awaits your confirmation"), group="team")
kind("handover_returned", title=_("Your hand-over was sent back"), group="team")
kind("handover_confirmed", title=_("Your hand-over was confirmed"), group="team")
kind("work_released", title=_("%(n)s open items of somebody without a post went back to the office"), group="team")
kind("items_reassigned", title=_("Open items were given to somebody else"), group="team")

name_group("care", _("Care register"))

kind("care_grant_given", title=_("You may now see a group of sensitive care categories"), group="care")
kind("care_grant_ended", title=_("A permission to see sensitive care categories has ended"), group="care")
kind(
    "purge_due", title=_("Data of %(people)s people have been kept long enough: please look through them"), group="care"
)

name_group("registers", _("Registers"))

kind("suggestion_made", title=_("A correction of your registers was suggested: please decide"), group="registers")
kind("suggestion_decided", title=_("A correction that you suggested was decided"), group="registers")
kind("management_lapsed", title=_("A planned change of management could not be carried out"), group="registers")
kind("reorganised", title=_("Your places changed on %(on)s: %(name)s"), group="registers")
kind("reorganisation_lapsed", title=_("A planned change of the territory could not be carried out"), group="registers")
kind("merge_proposed", title=_("Two records in your area have the same ID number: please compare"), group="registers")

name_group("staff", _("Accounts"))

kind(
    "review_opened",
    title=_("The accounts of your place are to be reviewed: quarter %(quarter)s of %(year)s"),
    group="staff",
)
kind("review_overdue", title=_("The review of accounts of quarter %(quarter)s of %(year)s is late"), group="staff")
