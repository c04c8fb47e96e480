"""Accounts looked through every quarter, and the ground on which trainees practise."""

from django.urls import path

from communities.views import practice, review

urlpatterns = [
    path("staff/reviews/", review.review_list, name="review_list"),
    path("staff/reviews/<int:pk>/", review.review_detail, name="review_detail"),
    path("staff/reviews/<int:pk>/confirm/", review.review_confirm, name="review_confirm"),
    path("staff/reviews/<int:pk>/finish/", review.review_finish, name="review_finish"),
    path("staff/reviews/<int:pk>/print/", review.review_print, name="review_print"),
    path("staff/reviews/lines/<int:pk>/", review.review_decide, name="review_decide"),
    path("staff/practice/", practice.practice_list, name="practice_list"),
    path("staff/practice/<code:code>/", practice.practice_detail, name="practice_detail"),
    path("staff/practice/<code:code>/create/", practice.practice_create, name="practice_create"),
    path("staff/practice/<code:code>/reset/", practice.practice_reset, name="practice_reset"),
    path("staff/practice/<code:code>/trainees/add/", practice.practice_trainee_create, name="practice_trainee_create"),
    path("staff/practice/cards/<slug:role>/", practice.practice_card, name="practice_card"),
]
