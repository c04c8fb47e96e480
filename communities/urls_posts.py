"""Who is there and who is not: leave, duty roster, hand-over."""

from django.urls import path

from communities.views import handover, leave, shift

urlpatterns = [
    path("staff/leave/", leave.leave_list, name="leave_list"),
    path("staff/leave/add/", leave.leave_create, name="leave_create"),
    path("staff/leave/<int:pk>/", leave.leave_detail, name="leave_detail"),
    path("staff/leave/<int:pk>/confirm/", leave.leave_confirm, name="leave_confirm"),
    path("staff/leave/<int:pk>/decline/", leave.leave_decline, name="leave_decline"),
    path("staff/leave/<int:pk>/withdraw/", leave.leave_withdraw, name="leave_withdraw"),
    path("staff/leave/<int:pk>/return/", leave.leave_return, name="leave_return"),
    path("staff/shifts/", shift.shift_list, name="shift_list"),
    path("staff/shifts/print/", shift.shift_print, name="shift_print"),
    path("staff/shifts/<code:code>/<day:day>/", shift.shift_edit, name="shift_edit"),
    path("staff/shifts/<code:code>/rotate/", shift.shift_rotate, name="shift_rotate"),
    path("staff/shifts/<int:pk>/swap/", shift.swap_create, name="swap_create"),
    path("staff/swaps/<int:pk>/", shift.swap_detail, name="swap_detail"),
    path("staff/swaps/<int:pk>/accept/", shift.swap_accept, name="swap_accept"),
    path("staff/swaps/<int:pk>/decline/", shift.swap_decline, name="swap_decline"),
    path("staff/swaps/<int:pk>/withdraw/", shift.swap_withdraw, name="swap_withdraw"),
    path("staff/handovers/", handover.handover_list, name="handover_list"),
    path("staff/handovers/add/", handover.handover_create, name="handover_create"),
    path("staff/handovers/<int:pk>/", handover.handover_detail, name="handover_detail"),
    path("staff/handovers/<int:pk>/print/", handover.handover_print, name="handover_print"),
    path("staff/handovers/<int:pk>/confirm/", handover.handover_confirm, name="handover_confirm"),
    path("staff/handovers/<int:pk>/back/", handover.handover_send_back, name="handover_send_back"),
    path("staff/handovers/<int:pk>/again/", handover.handover_prepare_again, name="handover_prepare_again"),
    path("staff/handovers/<int:pk>/cancel/", handover.handover_cancel, name="handover_cancel"),
    path("staff/reassign/", handover.reassignment_create, name="reassignment_create"),
    path("staff/reassign/<int:pk>/", handover.reassignment_detail, name="reassignment_detail"),
]
