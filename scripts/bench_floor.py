"""The bare Django pages beside which `make bench` measures the portal: the same rows, and nothing else.

A whole Django project in one file: session, user and one query; a table without links, chips, translations or a frame; no
journal, one condition for the scope, no search. What a page of the portal costs more is what the portal does.
It reads and writes the portal's own tables (`managed = False`), and for sums the roll-up that the bench has made.
"""

import uuid

import bench_settings
import django
from django.conf import settings

settings.configure(
    DEBUG=False,
    ALLOWED_HOSTS=["127.0.0.1"],
    SECRET_KEY=bench_settings.SECRET_KEY,
    ROOT_URLCONF=__name__,
    DATABASES=bench_settings.DATABASES,
    INSTALLED_APPS=["django.contrib.sessions"],
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
    ],
    TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates"}],
    USE_TZ=True,
    TIME_ZONE="Asia/Shanghai",
)
django.setup()

from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.db import models, transaction  # noqa: E402
from django.db.models import Sum  # noqa: E402
from django.db.models.functions import Length  # noqa: E402
from django.http import HttpResponse, HttpResponseRedirect  # noqa: E402
from django.template import Context, Template  # noqa: E402
from django.template.engine import Engine  # noqa: E402
from django.urls import path  # noqa: E402
from django.utils import timezone  # noqa: E402

ROWS = 50
OPEN = ("submitted", "registered", "dispatched", "in_progress", "verifying")


def table(name):
    return type("Meta", (), {"app_label": "floor", "managed": False, "db_table": name})


class User(models.Model):
    name = models.CharField(max_length=60)
    Meta = table("accounts_user")


class Named(models.Model):
    name = models.CharField(max_length=80)

    class Meta:
        abstract = True


class Division(Named):
    code = models.CharField(max_length=15)
    Meta = table("communities_division")


class Category(Named):
    Meta = table("issues_category")


class Household(models.Model):
    address = models.CharField(max_length=160)
    area_path = models.CharField(max_length=15)
    compound_id = models.BigIntegerField()
    Meta = table("communities_household")


class Resident(models.Model):
    name = models.CharField(max_length=60)
    area_path = models.CharField(max_length=15)
    household = models.ForeignKey(Household, models.PROTECT)
    born_on = models.DateField(null=True)
    care_level = models.SmallIntegerField(null=True)
    ended_on = models.DateField(null=True)
    voided_at = models.DateTimeField(null=True)
    merged_into_id = models.BigIntegerField(null=True)
    Meta = table("communities_resident")


class Fact(models.Model):
    """The columns that every fact must have."""

    client_uuid = models.UUIDField(default=uuid.uuid4)
    version = models.IntegerField(default=1)
    created_at = models.DateTimeField(default=timezone.now)
    created_by = models.ForeignKey(User, models.PROTECT)
    voided_at = models.DateTimeField(null=True)
    voided_reason = models.TextField(default="")
    area_path = models.CharField(max_length=15)
    area_path_then = models.CharField(max_length=15)
    bigrams = models.TextField(default="")

    class Meta:
        abstract = True


class Visit(Fact):
    household = models.ForeignKey(Household, models.PROTECT)
    compound_id = models.BigIntegerField()
    outcome = models.CharField(max_length=14)
    situation = models.CharField(max_length=10)
    mode = models.CharField(max_length=10, default="in_person")
    visited_at = models.DateTimeField()
    people_met = models.SmallIntegerField(default=1)
    tags = models.JSONField(default=list)
    summary = models.TextField(default="")
    late_reason = models.CharField(max_length=200, default="")
    source = models.CharField(max_length=8, default="web")
    Meta = table("visits_visit")


class Issue(Fact):
    number = models.CharField(max_length=20)
    title = models.CharField(max_length=80)
    text = models.TextField()
    category = models.ForeignKey(Category, models.PROTECT)
    community = models.ForeignKey(Division, models.PROTECT)
    desk_id = models.BigIntegerField()
    urgency = models.CharField(max_length=10, default="general")
    channel = models.CharField(max_length=10, default="counter")
    anonymity = models.CharField(max_length=12, default="anonymous")
    address = models.CharField(max_length=160, default="")
    status = models.CharField(max_length=12, default="submitted")
    closure_reason = models.CharField(max_length=20, default="")
    round = models.SmallIntegerField(default=1)
    submitted_at = models.DateTimeField()
    due_provisional = models.BooleanField(default=False)
    result = models.TextField(default="")
    Meta = table("issues_issue")


class Month(models.Model):
    """Sums of a month in a place: what the cheapest possible dashboard reads."""

    area_path = models.CharField(max_length=15)
    month = models.DateField()
    visits = models.IntegerField()
    people = models.IntegerField()
    issues = models.IntegerField()
    Meta = table("bench_month")


PAGE = """<!doctype html><html><head><title>{{ title }}</title></head><body><h1>{{ title }}</h1><p>{{ user.name }}</p>
<form method="post"><input name="q"></form><table><thead><tr>{% for word in heads %}<th>{{ word }}</th>{% endfor %}</tr></thead>
<tbody>{% for row in rows %}<tr>{% for cell in row %}<td>{{ cell }}</td>{% endfor %}</tr>{% endfor %}</tbody></table></body></html>"""
template = Template(PAGE, engine=Engine())


def within(code):
    return {"area_path__gte": code, "area_path__lt": code[:-1] + chr(ord(code[-1]) + 1)}


def reader(request):
    return User.objects.get(pk=request.session["_auth_user_id"])


def page(user, title, heads, rows):
    context = Context({"user": user, "title": title, "heads": heads, "rows": rows})
    return HttpResponse(template.render(context))


def visits(request, code):
    user = reader(request)
    found = Visit.objects.filter(voided_at=None, **within(code)).select_related("household", "created_by")
    found = found.defer("bigrams", "summary").order_by("-visited_at", "-pk")[:ROWS]
    rows = [(v.household.address, v.outcome, v.visited_at, v.created_at, v.created_by.name) for v in found]
    return page(user, "Visits", ("Household", "Outcome", "Visited", "Entered", "Visitor"), rows)


def issues(request, which, code):
    user = reader(request)
    found = Issue.objects.filter(voided_at=None, **within(code))
    if which == "open":
        found = found.filter(status__in=OPEN)
    found = (
        found.select_related("category", "community").defer("bigrams", "text").order_by("-submitted_at", "-pk")[:ROWS]
    )
    rows = [(i.title, i.number, i.category.name, i.community.name, i.status, i.submitted_at) for i in found]
    return page(user, "Issues", ("Issue", "Number", "Category", "Place", "Status", "Submitted"), rows)


def residents(request, code):
    user = reader(request)
    here = Resident.objects.filter(ended_on=None, voided_at=None, merged_into_id=None, **within(code))
    found = here.select_related("household").order_by("area_path", "household_id", "pk")[:ROWS]
    rows = [(r.name[:1], r.household.address, r.born_on, r.care_level) for r in found]
    return page(user, "Residents", ("Name", "Address", "Born", "Level"), rows)


def issue(request, pk):
    user = reader(request)
    row = Issue.objects.select_related("category", "community", "created_by").get(pk=pk)
    names = ("number", "title", "text", "status", "category", "community", "submitted_at", "address", "created_by")
    rows = [(name, getattr(getattr(row, name), "name", getattr(row, name))) for name in names]
    return page(user, row.number, ("Field", "Value"), rows)


def log_visit(request, pk):
    """Session, user, household, one row: what a visit costs without journal, scope or form."""
    user = reader(request)
    with transaction.atomic():
        household = Household.objects.get(pk=pk)
        Visit.objects.create(
            created_by=user,
            household=household,
            compound_id=household.compound_id,
            area_path=household.area_path,
            area_path_then=household.area_path,
            outcome="met",
            situation=request.POST["situation"],
            visited_at=timezone.now(),
        )
    return HttpResponseRedirect("/")


def create_issue(request, code):
    user = reader(request)
    with transaction.atomic():
        community = Division.objects.get(code=code)
        Issue.objects.create(
            created_by=user,
            number=uuid.uuid4().hex[:20],
            title=request.POST["title"],
            text=request.POST["text"],
            category_id=request.POST["category"],
            community=community,
            desk_id=request.POST["desk"],
            area_path=code,
            area_path_then=code,
            submitted_at=timezone.now(),
        )
    return HttpResponseRedirect("/")


def sums(request, code):
    """Six queries over a roll-up: the place, its parts, its months."""
    user = reader(request)
    place, months = Division.objects.get(code=code), Month.objects.filter(area_path=code)
    below = Month.objects.filter(area_path__startswith=code, area_path__length=len(code) + (3 if len(code) > 5 else 2))
    total = months.aggregate(visits=Sum("visits"), people=Sum("people"), issues=Sum("issues"))
    rows = [tuple(total.values())]
    parts = below.values("area_path").annotate(v=Sum("visits"), p=Sum("people"), i=Sum("issues"))
    rows += parts.order_by("area_path").values_list("area_path", "v", "p", "i")[:100]
    rows += months.order_by("month").values_list("month", "visits", "people", "issues")
    return page(user, place.name, ("Place", "Visits", "People", "Issues"), rows)


models.CharField.register_lookup(Length)

urlpatterns = [
    path("visits/<str:code>", visits),
    path("issues/<str:which>/<str:code>", issues),
    path("residents/<str:code>", residents),
    path("issue/<int:pk>", issue),
    path("visit/<int:pk>", log_visit),
    path("create/<str:code>", create_issue),
    path("sums/<str:code>", sums),
]
application = get_wsgi_application()
