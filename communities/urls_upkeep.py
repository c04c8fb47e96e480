"""What keeps the registers true: completeness, suggestions, management of compounds, changes of the territory, history."""

from django.urls import path

from communities.views import register

urlpatterns = [
    path("communities/registers/", register.register_home, name="register_home"),
]
