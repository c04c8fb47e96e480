"""The clock's part in the quarterly reviews: begin each list once, and remind of those that are late."""

from datetime import timedelta

from django.db.models import F
from django.db.models.functions import Left, Length
from django.utils import timezone

from communities.access import Role
from communities.models import Assignment, Division, Review
from communities.practice import DISTRICT_DIGITS, is_practice

# Four weeks to look at everybody.
DAYS_TO_FINISH = 28


def keep_reviews(*, now):
    """Begin the lists of this quarter that are not there yet and remind of what is late. Returns how many were begun."""
    today = timezone.localdate(now)
    begun = open_reviews(now=now, today=today)
    for review in Review.objects.overdue(today).select_related("place"):
        review.remind(week=f"{today.isocalendar().year}-{today.isocalendar().week}")
    return begun


def open_reviews(*, now, today):
    quarter = {"year": today.year, "quarter": (today.month + 2) // 3}
    there = set(Review.objects.filter(**quarter).values_list("area_path", flat=True))
    due_on = today + timedelta(days=DAYS_TO_FINISH)
    places = [place for place in places_with_posts(today) if (place.code if place else "") not in there]
    return sum(Review.objects.begin(place=place, now=now, due_on=due_on, **quarter) is not None for place in places)


def places_with_posts(today):
    """The districts in which somebody has a post, and None for the system administrators."""
    posts = Assignment.objects.not_over(today)
    codes = posts.annotate(code=Left("area_path", DISTRICT_DIGITS), digits=Length(F("area_path")))
    codes = set(codes.filter(digits__gte=DISTRICT_DIGITS).values_list("code", flat=True))
    places = list(Division.objects.filter(code__in=[code for code in codes if not is_practice(code)]).order_by("code"))
    return [*places, None] if posts.of_role(Role.ADMIN).exists() else places
