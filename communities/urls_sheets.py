"""What goes out: tables of the lists, superiors' forms, print."""

from django.urls import path

from communities.views import blank, paper, sheet

urlpatterns = [
    path("communities/export/", sheet.division_export, name="division_export"),
    path("communities/compounds/export/", sheet.compound_export, name="compound_export"),
    path("communities/households/export/", sheet.household_export, name="household_export"),
    path("communities/care/export/", sheet.care_export, name="care_export"),
    path("communities/residents/export/", sheet.resident_export, name="resident_export"),
    path("communities/units/export/", sheet.unit_export, name="unit_export"),
    path("communities/sheets/<int:pk>/", sheet.sheet_download, name="sheet_download"),
    path("communities/forms/", blank.blank_list, name="blank_list"),
    path("communities/forms/add/", blank.blank_create, name="blank_create"),
    path("communities/forms/<int:pk>/map/", blank.blank_map, name="blank_map"),
    path("communities/forms/<int:pk>/again/", blank.blank_again, name="blank_again"),
    path("communities/forms/fills/<int:pk>/", blank.blank_fill_detail, name="blank_fill_detail"),
    path("communities/forms/fills/<int:pk>/rows/", blank.blank_rows, name="blank_rows"),
    path("communities/forms/fills/<int:pk>/fill/", blank.blank_fill, name="blank_fill"),
    path("communities/forms/fills/<int:pk>/download/", blank.blank_fill_download, name="blank_fill_download"),
    path("communities/households/labels/", paper.label_print, name="label_print"),
    path("communities/households/slips/", paper.slip_print, name="slip_print"),
    path("communities/compounds/<int:pk>/doors/", paper.building_print, name="building_print"),
    path("staff/export/", sheet.staff_export, name="staff_export"),
]
