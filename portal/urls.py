from django.urls import include, path

from portal import extract, views

urlpatterns = [
    path("", views.home, name="home"),
    path("search/", views.search, name="search"),
    path("healthz", views.healthz, name="healthz"),
    path("readyz", views.readyz, name="readyz"),
    path("accounts/", include("accounts.urls")),
    path("inbox/", include("foundation.notices.urls")),
    path("jobs/", include("foundation.jobs.urls")),
    path("communities/residents/<int:pk>/extract/", extract.resident_extract, name="resident_extract"),
    path("", include("communities.urls")),
    path("issues/", include("issues.urls")),
    path("visits/", include("visits.urls")),
    path("dashboard/", include("dashboards.urls")),
]
