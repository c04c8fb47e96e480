from django.urls import path

from visits.views import opinion, round, visit

urlpatterns = [
    path("", visit.visit_list, name="visit_list"),
    path("export/", visit.visit_export, name="visit_export"),
    path("add/<int:pk>/", visit.visit_create, name="visit_create"),
    path("sheet/", visit.visit_blank, name="visit_blank"),
    path("sheet/<int:pk>/", visit.visit_sheet, name="visit_sheet"),
    path("<int:pk>/", visit.visit_detail, name="visit_detail"),
    path("<int:pk>/edit/", visit.visit_edit, name="visit_edit"),
    path("<int:pk>/void/", visit.visit_void, name="visit_void"),
    path("<int:pk>/print/", visit.visit_print, name="visit_print"),
    path("opinions/", opinion.opinion_list, name="opinion_list"),
    path("opinions/export/", opinion.opinion_export, name="opinion_export"),
    path("m/", round.round_list, name="round_list"),
    path("m/<int:pk>/", round.round_household, name="round_household"),
    path("m/<int:pk>/met/", round.round_met, name="round_met"),
    path("m/<int:pk>/missed/", round.round_missed, name="round_missed"),
    path("m/call/<int:pk>/", round.round_call, name="round_call"),
    path("m/undo/<int:pk>/", round.round_undo, name="round_undo"),
]
