"""What people are told about issues. Number, category and dates only: these sentences also leave the house by e-mail."""

from django.utils.translation import gettext_lazy as _

from foundation.notices.kinds import kind

kind("issue_reported", title=_("New issue %(number)s (%(category)s) awaits registration"), group="issues")
kind("issue_urgent", title=_("You are on duty: urgent issue %(number)s (%(category)s)"), group="issues")
kind("issue_sent_up", title=_("Issue %(number)s (%(category)s) was sent up to you"), group="issues")
kind("order_arrived", title=_("Work order for issue %(number)s (%(category)s): please sign for it"), group="issues")
kind("order_handed_on", title=_("Issue %(number)s (%(category)s) was handed on to you"), group="issues")
kind("issue_to_verify", title=_("Issue %(number)s is reported as done: please ask the resident"), group="issues")
kind("issue_came_back", title=_("Issue %(number)s is not solved and comes back to you"), group="issues")
kind("issue_due_soon", title=_("Issue %(number)s (%(category)s) is due on %(due)s"), group="issues")
kind("issue_overdue", title=_("Issue %(number)s (%(category)s) has been overdue since %(due)s"), group="issues")
kind(
    "order_unsigned",
    title=_("The work order for issue %(number)s has not been signed for (limit %(due)s)"),
    group="issues",
)
