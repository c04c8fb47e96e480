"""People and what happens in their lives."""

from django.urls import path

from communities.views import resident

urlpatterns = [
    path("communities/residents/<int:pk>/", resident.resident_detail, name="resident_detail"),
]
