"""What keeps the registers true: completeness, suggestions, management of compounds, changes of the territory, history."""

from django.urls import path

from communities.views import completeness, history, register, reorganisation

urlpatterns = [
    path("communities/registers/", register.register_home, name="register_home"),
    path("communities/completeness/", completeness.completeness_list, name="completeness_list"),
    path("communities/<code:code>/completeness/", completeness.completeness_detail, name="completeness_detail"),
    path("communities/<code:code>/gaps/<slug:kind>/", completeness.gap_list, name="gap_list"),
    path("communities/residents/<int:pk>/history/", history.resident_history, name="resident_history"),
    path("communities/households/<int:pk>/history/", history.household_history, name="household_history"),
    path("communities/compounds/<int:pk>/history/", history.compound_history, name="compound_history"),
    path("communities/units/<int:pk>/history/", history.unit_history, name="unit_history"),
    path("communities/<code:code>/history/", history.division_history, name="division_history"),
    path("communities/reorganisations/", reorganisation.reorganisation_list, name="reorganisation_list"),
    path("communities/reorganisations/<int:pk>/", reorganisation.reorganisation_detail, name="reorganisation_detail"),
    path(
        "communities/reorganisations/<int:pk>/confirm/",
        reorganisation.reorganisation_confirm,
        name="reorganisation_confirm",
    ),
    path(
        "communities/reorganisations/<int:pk>/cancel/",
        reorganisation.reorganisation_cancel,
        name="reorganisation_cancel",
    ),
    path("communities/<code:code>/reorganise/", reorganisation.reorganisation_create, name="reorganisation_create"),
]
