from django.urls import path

from issues.views import desk, detail, intake, list, move
from issues.workflow import MOVES

urlpatterns = [
    path("", list.issue_list, name="issue_list"),
    path("desk/", desk.issue_desk, name="issue_desk"),
    path("add/", intake.issue_create, name="issue_create"),
    path("export/", list.issue_export, name="issue_export"),
    path("<int:pk>/", detail.issue_detail, name="issue_detail"),
    path("<int:pk>/print/", detail.issue_print, name="issue_print"),
    path("<int:pk>/reveal/", detail.issue_reveal, name="issue_reveal"),
    # one page for each verb: /issues/5/report_done/ is issue_report_done
    *[path(f"<int:pk>/{verb}/", getattr(move, f"issue_{verb}"), name=f"issue_{verb}") for verb in MOVES],
]
