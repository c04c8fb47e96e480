from django.urls import include, path

from accounts import views

urlpatterns = [
    path("", views.account_overview, name="account_overview"),
    path("elder/", views.elder_switch, name="elder_switch"),
    path("language/", views.language_switch, name="language_switch"),
    path("sessions/<int:pk>/end/", views.session_end, name="session_end"),
    # Doors of allauth that this portal keeps shut: addresses and forgotten passwords are matters of staff administration.
    path("email/", views.closed),
    path("confirm-email/", views.closed),
    path("confirm-email/<path:rest>", views.closed),
    path("password/reset/", views.password_forgotten, name="password_forgotten"),
    path("password/reset/<path:rest>", views.closed),
    path("", include("allauth.urls")),
]
