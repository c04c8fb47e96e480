from django.urls import include, path

from accounts import views

urlpatterns = [
    path("", views.account_overview, name="account_overview"),
    path("elder/", views.elder_switch, name="elder_switch"),
    path("language/", views.language_switch, name="language_switch"),
    path("edit/", views.account_edit, name="account_edit"),
    path("sessions/", views.session_list, name="session_list"),
    path("sessions/<int:pk>/end/", views.session_end, name="session_end"),
    path("sessions/end-others/", views.session_end_others, name="session_end_others"),
    path("switch/", views.user_switch, name="user_switch"),
    path("switch/keep/", views.form_keep, name="form_keep"),
    path("switch/forget/", views.user_forget, name="user_forget"),
    path("switch/remember/", views.user_remember, name="user_remember"),
    path("2fa/webauthn/", views.passkey_list, name="passkey_list"),
    path("2fa/webauthn/login/", views.passkey_sign_in, name="passkey_sign_in"),
    path("2fa/webauthn/keys/<int:pk>/edit/", views.passkey_rename, name="passkey_rename"),
    # allauth's own page would remove the last second factor of somebody who must have one
    path("2fa/webauthn/keys/<int:pk>/remove/", views.passkey_remove, name="passkey_remove"),
    # Doors of allauth that this portal keeps shut: addresses and forgotten passwords are matters of staff administration.
    path("email/", views.closed),
    path("confirm-email/", views.closed),
    path("confirm-email/<path:rest>", views.closed),
    path("password/reset/", views.password_forgotten, name="password_forgotten"),
    path("password/reset/<path:rest>", views.closed),
    path("", include("allauth.urls")),
]
