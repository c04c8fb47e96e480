from django.urls import include, path

from accounts import views

urlpatterns = [
    path("elder/", views.elder_switch, name="elder_switch"),
    path("language/", views.language_switch, name="language_switch"),
    path("", include("allauth.urls")),
]
