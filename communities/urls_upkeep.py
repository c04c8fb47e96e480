"""What keeps the registers true: completeness, suggestions, management of compounds, changes of the territory, history."""

from django.urls import path

from communities.views import register, reorganisation

urlpatterns = [
    path("communities/registers/", register.register_home, name="register_home"),
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
