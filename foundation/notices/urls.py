from django.urls import path

from foundation.notices import views

urlpatterns = [
    path("", views.inbox_list, name="inbox_list"),
    path("read/", views.inbox_read_all, name="inbox_read_all"),
    path("<int:pk>/read/", views.notice_read, name="notice_read"),
]
