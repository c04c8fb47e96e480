"""What people are told about the portal itself."""

from django.utils.translation import gettext_lazy as _

from foundation.notices.kinds import kind, name_group

name_group("feedback", _("Feedback"))

kind("feedback_answered", title=_("Your feedback on the portal was answered"), group="feedback")
