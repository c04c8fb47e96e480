from django.urls import path

import communities.urls  # noqa: F401  its converter "code" is used below
from dashboards import views

urlpatterns = [
    path("", views.dashboard, name="dashboard"),
    path("<code:code>/", views.dashboard_division, name="dashboard_division"),
    path("<code:code>/households/", views.dashboard_households, name="dashboard_households"),
    path("<code:code>/export/", views.dashboard_export, name="dashboard_export"),
]
