from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CommunitiesConfig(AppConfig):
    name = "communities"
    verbose_name = _("Communities")

    def ready(self):
        import_module("communities.notices")
        import_module("communities.own_items")
        import_module("communities.purging")
