"""The same person, household or compound twice; splitting and joining of households."""

from django.urls import path

from communities.views import duplicate, merge

PAIR = "<slug:kind>/<int:first>/<int:second>"

urlpatterns = [
    path("communities/duplicates/", duplicate.duplicate_list, name="duplicate_list"),
    path(f"communities/duplicates/{PAIR}/decline/", duplicate.duplicate_decline, name="duplicate_decline"),
    path("communities/duplicates/<int:pk>/withdraw/", duplicate.duplicate_withdraw, name="duplicate_withdraw"),
    path("communities/merges/", merge.merge_list, name="merge_list"),
    path(f"communities/merges/{PAIR}/", merge.merge_compare, name="merge_compare"),
    path(f"communities/merges/{PAIR}/propose/", merge.merge_propose, name="merge_propose"),
    path("communities/merges/<int:pk>/", merge.merge_detail, name="merge_detail"),
    path("communities/merges/<int:pk>/undo/", merge.merge_undo, name="merge_undo"),
    path("communities/households/<int:pk>/split/", merge.household_split, name="household_split"),
    path("communities/households/<int:pk>/join/", merge.household_join, name="household_join"),
]
