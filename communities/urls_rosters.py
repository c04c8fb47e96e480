"""Ledgers that come in as Excel."""

from django.urls import path

from communities.views import roster

urlpatterns = [
    path("communities/rosters/", roster.roster_list, name="roster_list"),
    path("communities/rosters/add/", roster.roster_create, name="roster_create"),
    path("communities/rosters/template/", roster.roster_template, name="roster_template"),
    path("communities/rosters/<int:pk>/", roster.roster_detail, name="roster_detail"),
    path("communities/rosters/<int:pk>/map/", roster.roster_map, name="roster_map"),
    path("communities/rosters/<int:pk>/check/", roster.roster_check, name="roster_check"),
    path("communities/rosters/<int:pk>/apply/", roster.roster_apply, name="roster_apply"),
    path("communities/rosters/<int:pk>/revert/", roster.roster_revert, name="roster_revert"),
    path("communities/rosters/<int:pk>/faults/", roster.roster_faults, name="roster_faults"),
    path("communities/rosters/<int:pk>/slips/", roster.roster_slips, name="roster_slips"),
]
