from django.urls import path

from dashboards import views

urlpatterns = [
    path("", views.dashboard, name="dashboard"),
    path("<str:code>/", views.dashboard_division, name="dashboard_division"),
    path("<str:code>/households/", views.dashboard_households, name="dashboard_households"),
    path("<str:code>/export/", views.dashboard_export, name="dashboard_export"),
]
