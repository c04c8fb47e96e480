"""Staff, oversight and upkeep: what the administrators and the auditor work with."""

from datetime import date

from django.urls import path, register_converter

from communities.views import audit, delivery, feedback, staff, workday


class Day:
    """A day in an address: 2026-10-01. One that is in no calendar matches nothing."""

    regex = "[0-9]{4}-[0-9]{2}-[0-9]{2}"

    def to_python(self, value):
        return date.fromisoformat(value)

    def to_url(self, value):
        return value.isoformat()


register_converter(Day, "day")

urlpatterns = [
    path("staff/", staff.staff_list, name="staff_list"),
    path("staff/add/", staff.staff_create, name="staff_create"),
    path("staff/<int:pk>/", staff.staff_detail, name="staff_detail"),
    path("staff/<int:pk>/edit/", staff.staff_edit, name="staff_edit"),
    path("staff/<int:pk>/password/", staff.staff_password, name="staff_password"),
    path("staff/<int:pk>/second-factor/", staff.staff_second_factor, name="staff_second_factor"),
    path("staff/<int:pk>/sign-out/", staff.staff_sign_out, name="staff_sign_out"),
    path("staff/<int:pk>/disable/", staff.staff_disable, name="staff_disable"),
    path("staff/<int:pk>/enable/", staff.staff_enable, name="staff_enable"),
    path("staff/<int:pk>/posts/add/", staff.assignment_create, name="assignment_create"),
    path("staff/posts/<int:pk>/end/", staff.assignment_end, name="assignment_end"),
    path("audit/", audit.entry_list, name="entry_list"),
    path("audit/export/", audit.entry_export, name="entry_export"),
    path("audit/accesses/", audit.access_list, name="access_list"),
    path("audit/accesses/export/", audit.access_export, name="access_export"),
    path("feedback/", feedback.feedback_list, name="feedback_list"),
    path("feedback/add/", feedback.feedback_create, name="feedback_create"),
    path("feedback/<int:pk>/", feedback.feedback_detail, name="feedback_detail"),
    path("feedback/<int:pk>/answer/", feedback.feedback_answer, name="feedback_answer"),
    path("workdays/", workday.workday_list, name="workday_list"),
    path("workdays/<int:year>/confirm/", workday.year_confirm, name="year_confirm"),
    path("workdays/<day:day>/", workday.workday_decide, name="workday_decide"),
    path("deliveries/", delivery.delivery_list, name="delivery_list"),
    path("deliveries/<int:pk>/retry/", delivery.delivery_retry, name="delivery_retry"),
]
