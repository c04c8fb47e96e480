from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class IssuesConfig(AppConfig):
    name = "issues"
    verbose_name = _("Issues")

    def ready(self):
        import_module("issues.notices")
        import_module("issues.open_items")
        import_module("issues.purging")
        import_module("issues.following")
        import_module("issues.suggesting")
