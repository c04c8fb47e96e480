"""A practice ground with a trainee, phones to sign in by, and a quarterly review in progress."""

from datetime import timedelta
from uuid import NAMESPACE_URL, uuid5

from django.contrib.auth.hashers import make_password
from django.utils import timezone

from accounts.models import User
from communities.access import Role
from communities.models import Division, Review
from communities.models.practice import Ground
from communities.reviews import DAYS_TO_FINISH
from portal.demo.cast import DISTRICT
from portal.demo.people import PASSWORD

# user name -> mobile phone, e-mail: all three open the door
ADDRESSES = {
    "secretary": ("13000000101", "secretary@example.org"),
    "cadre": ("13000000102", ""),
    "district": ("13000000103", "district@example.org"),
}


def keep(cast):
    """Written by the administrator of the district."""
    admin = cast.users["district"]
    for username, (phone, email) in ADDRESSES.items():
        cast.users[username].correct(by=admin, phone=phone, email=email)
    practise(cast, admin)
    look_through(cast, admin)


def practise(cast, admin):
    ground = Ground(Division.objects.get(code=DISTRICT))
    ground.create(by=admin)
    trainee, _password = ground.enlist(
        by=admin,
        client_uuid=uuid5(NAMESPACE_URL, "demo-trainee"),
        name="练习账号",
        username="trainee",
        role=Role.SECRETARY,
    )
    User.objects.filter(pk=trainee.pk).update(password=make_password(PASSWORD), must_change_password=False)


def look_through(cast, admin):
    """The list of this quarter: two thirds of it decided, one account to be changed."""
    today = timezone.localdate(cast.now)
    review = Review.objects.begin(
        place=Division.objects.get(code=DISTRICT),
        year=today.year,
        quarter=(today.month + 2) // 3,
        now=cast.now,
        due_on=today + timedelta(days=DAYS_TO_FINISH),
    )
    lines = list(review.lines.exclude(user=admin.pk).order_by("pk"))
    for line in lines[: len(lines) * 2 // 3]:
        line.decide(by=admin, decision="confirm")
    lines[-1].decide(by=admin, decision="change", remark="十二月起改任网格员，待任命文件")
