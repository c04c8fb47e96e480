"""What people are told about visits; no names, no words of residents."""

from django.utils.translation import gettext_lazy as _

from foundation.notices.kinds import kind

kind("visit_urgent", title=_("A visitor reports an urgent situation in a household"), group="visits")
