"""What people are told about their own account."""

from django.utils.translation import gettext_lazy as _

from foundation.notices.kinds import kind, name_group

name_group("account", _("My account"))

kind("new_device", title=_("Your account was opened on a device not used before: %(device)s, %(at)s"), group="account")
kind("second_factor_changed", title=_("The second factor of your account was changed"), group="account")
kind(
    "account_lapses_soon",
    title=_("Nobody has signed in with your account for long; it will be closed on %(on)s unless you do"),
    group="account",
)
