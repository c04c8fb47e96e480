from django.urls import include, path, register_converter

from communities.views import compound, division, household, paper, resident, resident_list, unit


class DivisionCode:
    """The code of a division, cut to its level (see communities.models.division.DIGITS)."""

    regex = "[0-9]{2,15}"

    def to_python(self, value):
        return value

    def to_url(self, value):
        return str(value)


register_converter(DivisionCode, "code")

urlpatterns = [
    path("communities/", division.division_list, name="division_list"),
    path("communities/compounds/", compound.compound_list, name="compound_list"),
    path("communities/compounds/<int:pk>/", compound.compound_detail, name="compound_detail"),
    path("communities/compounds/<int:pk>/edit/", compound.compound_edit, name="compound_edit"),
    path("communities/compounds/<int:pk>/households/add/", household.household_create, name="household_create"),
    path("communities/buildings/<int:pk>/edit/", compound.building_edit, name="building_edit"),
    path("communities/households/", household.household_list, name="household_list"),
    path("communities/households/<int:pk>/", household.household_detail, name="household_detail"),
    path("communities/households/<int:pk>/edit/", household.household_edit, name="household_edit"),
    path("communities/households/<int:pk>/residents/add/", resident.resident_create, name="resident_create"),
    path("communities/residents/", resident_list.resident_list, name="resident_list"),
    path("communities/residents/<int:pk>/edit/", resident.resident_edit, name="resident_edit"),
    path("communities/residents/<int:pk>/reveal/", resident.resident_reveal, name="resident_reveal"),
    path("communities/units/", unit.unit_list, name="unit_list"),
    path("communities/units/<int:pk>/", unit.unit_detail, name="unit_detail"),
    path("communities/units/<int:pk>/edit/", unit.unit_edit, name="unit_edit"),
    path("", include("communities.urls_upkeep")),
    path("", include("communities.urls_care")),
    path("", include("communities.urls_life")),
    path("", include("communities.urls_merging")),
    path("", include("communities.urls_sheets")),
    path("", include("communities.urls_rosters")),
    path("", include("communities.urls_accounts")),
    path("communities/<code:code>/", division.division_detail, name="division_detail"),
    path("communities/<code:code>/print/", paper.division_print, name="division_print"),
    path("communities/<code:code>/edit/", division.division_edit, name="division_edit"),
    path("communities/<code:code>/compounds/add/", compound.compound_create, name="compound_create"),
    path("communities/<code:code>/units/add/", unit.unit_create, name="unit_create"),
    path("", include("communities.urls_office")),
    path("", include("communities.urls_posts")),
]
