"""What keeps the registers true: completeness, suggestions, management of compounds, changes of the territory, history."""

from django.urls import path

from communities.views import checking, completeness, history, management, register, reorganisation, suggestion

urlpatterns = [
    path("communities/registers/", register.register_home, name="register_home"),
    path("communities/completeness/", completeness.completeness_list, name="completeness_list"),
    path("communities/<code:code>/completeness/", completeness.completeness_detail, name="completeness_detail"),
    path("communities/<code:code>/gaps/<slug:kind>/", completeness.gap_list, name="gap_list"),
    path("communities/households/<int:pk>/verify/", checking.household_verify, name="household_verify"),
    path("communities/households/<int:pk>/unverify/", checking.household_unverify, name="household_unverify"),
    path("communities/buildings/<int:pk>/verify/", checking.building_verify, name="building_verify"),
    path("communities/compounds/<int:pk>/manage/", management.compound_manage, name="compound_manage"),
    path("communities/management/<int:pk>/undo/", management.management_undo, name="management_undo"),
    path("communities/management/<int:pk>/cancel/", management.management_cancel, name="management_cancel"),
    path("communities/suggestions/", suggestion.suggestion_list, name="suggestion_list"),
    path("communities/suggestions/find/", suggestion.suggestion_find, name="suggestion_find"),
    path("communities/suggestions/add/<slug:kind>/<int:pk>/", suggestion.suggestion_create, name="suggestion_create"),
    path("communities/suggestions/<int:pk>/", suggestion.suggestion_detail, name="suggestion_detail"),
    path("communities/suggestions/<int:pk>/accept/", suggestion.suggestion_accept, name="suggestion_accept"),
    path("communities/suggestions/<int:pk>/decline/", suggestion.suggestion_decline, name="suggestion_decline"),
    path("communities/suggestions/<int:pk>/withdraw/", suggestion.suggestion_withdraw, name="suggestion_withdraw"),
    path("communities/suggestions/<int:pk>/reveal/", suggestion.suggestion_reveal, name="suggestion_reveal"),
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
