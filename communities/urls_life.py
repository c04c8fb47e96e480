"""People and what happens in their lives."""

from django.urls import path

from communities.views import life, resident

urlpatterns = [
    path("communities/residents/<int:pk>/", resident.resident_detail, name="resident_detail"),
    path("communities/events/", life.life_list, name="life_list"),
    path("communities/events/<int:pk>/undo/", life.life_undo, name="life_undo"),
    path("communities/households/<int:pk>/events/add/", life.life_create, name="life_create"),
    path("communities/households/<int:pk>/vacate/", life.household_vacate, name="household_vacate"),
    path("communities/households/<int:pk>/head/", life.household_head, name="household_head"),
]
