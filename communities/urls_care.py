"""The care register, the wish not to be visited, the rules behind them, and clearing data."""

from django.urls import path

from communities.views import care, purge, rule

urlpatterns = [
    path("communities/care/", care.care_list, name="care_list"),
    path("communities/care/<int:pk>/", care.care_detail, name="care_detail"),
    path("communities/care/<int:pk>/consent/", care.care_consent, name="care_consent"),
    path("communities/care/<int:pk>/review/", care.care_review, name="care_review"),
    path("communities/care/<int:pk>/end/", care.care_end, name="care_end"),
    path("communities/care/<int:pk>/purge/", purge.care_purge, name="care_purge"),
    path("communities/residents/<int:pk>/care/add/", care.care_create, name="care_create"),
    path("communities/residents/<int:pk>/care/consent/", care.consent_print, name="consent_print"),
    path("communities/wishes/", care.wish_list, name="wish_list"),
    path("communities/residents/<int:pk>/wish/", care.wish_create, name="wish_create"),
    path("communities/residents/<int:pk>/wish/review/", care.wish_review, name="wish_review"),
    path("communities/residents/<int:pk>/wish/end/", care.wish_end, name="wish_end"),
    path("communities/care/categories/", rule.category_list, name="category_list"),
    path("communities/care/categories/add/", rule.category_create, name="category_create"),
    path("communities/care/categories/<int:pk>/edit/", rule.category_edit, name="category_edit"),
    path("communities/care/standards/", rule.standard_list, name="standard_list"),
    path("communities/care/standards/add/", rule.standard_create, name="standard_create"),
    path("communities/care/standards/<int:pk>/edit/", rule.standard_edit, name="standard_edit"),
    path("communities/retention/", rule.retention_list, name="retention_list"),
    path("communities/retention/add/", rule.retention_create, name="retention_create"),
    path("communities/retention/<int:pk>/edit/", rule.retention_edit, name="retention_edit"),
    path("communities/purges/", purge.purge_list, name="purge_list"),
    path("communities/purges/propose/", purge.purge_propose_all, name="purge_propose_all"),
    path("communities/purges/<int:pk>/", purge.purge_detail, name="purge_detail"),
    path("communities/purges/<int:pk>/confirm/", purge.purge_confirm, name="purge_confirm"),
    path("communities/purges/<int:pk>/withdraw/", purge.purge_withdraw, name="purge_withdraw"),
    path("communities/residents/<int:pk>/purge/", purge.purge_propose, name="purge_propose"),
    path("staff/grants/", rule.grant_list, name="grant_list"),
    path("staff/<int:pk>/grants/add/", rule.grant_create, name="grant_create"),
    path("staff/grants/<int:pk>/end/", rule.grant_end, name="grant_end"),
]
