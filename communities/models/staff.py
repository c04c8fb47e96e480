from allauth.mfa.models import Authenticator
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Prefetch, Q
from django.urls import reverse
from django.utils import timezone

from accounts.models import DOOR_WORDS, SECOND_FACTORS, User, UserManager, new_password
from communities.access import CHANGE, EVERYTHING, ScopedQuerySet, inside, roots_of
from communities.models.assignment import Assignment
from foundation.journal.models import Entry, kind_of
from foundation.journal.moves import AlreadyDone, Conflict, done_already, record
from foundation.paths import within


class StaffQuerySet(ScopedQuerySet):
    """Accounts in the reach of somebody who administers or audits staff."""

    def scope(self, user, level):
        """People with a post in the reader's area; changeable only if none of their posts lies outside it."""
        roots = roots_of(user, "staff", level)
        if "" in roots:
            return EVERYTHING
        posts = Assignment.objects.filter(user=OuterRef("pk"))
        reach = Q(Exists(posts.filter(inside(roots))))
        if level == CHANGE:
            reach &= ~Q(Exists(posts.not_over(timezone.localdate()).exclude(inside(roots))))
        return reach

    def changeable_by(self, user):
        # Nobody administers the own account: no way to lock oneself out or to promote oneself.
        return super().changeable_by(user).exclude(pk=user.pk)

    def holding(self, today, **post):
        """People with a post today for which these conditions hold, such as role="secretary"."""
        return self.filter(Exists(Assignment.objects.current(today).filter(user=OuterRef("pk"), **post)))

    def working_in(self, code, today):
        """People with a post today in this place or below it."""
        return self.filter(Exists(Assignment.objects.current(today).filter(within(code), user=OuterRef("pk"))))

    def without_post(self, today):
        return self.exclude(Exists(Assignment.objects.not_over(today).filter(user=OuterRef("pk"))))

    def named_like(self, words):
        """People whose name or user name contains each of the words."""
        rows = self
        for word in words.split():
            rows = rows.filter(Q(name__icontains=word) | Q(username__icontains=word))
        return rows

    def for_list(self, today):
        """With the posts that count or will (`posts`) and whether there is a second factor; two queries."""
        posts = Assignment.objects.not_over(today).for_access().order_by("since", "pk")
        return (
            self.for_detail().prefetch_related(Prefetch("assignments", posts, to_attr="posts")).order_by("name", "pk")
        )

    def for_detail(self):
        factors = Authenticator.objects.filter(user=OuterRef("pk"), type__in=SECOND_FACTORS)
        return self.annotate(has_second_factor=Exists(factors))


class StaffManager(UserManager.from_queryset(StaffQuerySet)):
    def enlist(self, *, by, client_uuid, name, username, email="", phone="", office_phone="", **post):
        """Open an account with its first post; returns (person, first password).

        `post` is what `Assignment.objects.assign` takes. The password is nowhere else to be found. Raises AlreadyDone if the
        form `client_uuid` was carried out before, NotAllowed if the role cannot be held there.
        """
        password = new_password()
        facts = {"name": name, "email": email, "phone": phone, "office_phone": office_phone}
        try:
            with transaction.atomic():
                person = self.create_user(username, password, must_change_password=True, **facts)
                Assignment.objects.assign(by=by, user=person, **post)
                record(person, "enlist", by=by, key=client_uuid)
        except IntegrityError:
            done = done_already(client_uuid, by)
            if done:
                raise AlreadyDone(done) from None
            raise Conflict from None  # somebody took the user name, phone or address in this moment
        return person, password


class Staff(User):
    """An account as staff administration sees it. Its verbs are those of `accounts.User`; this adds the area."""

    TOPIC = "staff"

    objects = StaffManager()

    class Meta:
        proxy = True
        ordering = ["name", "pk"]

    def get_absolute_url(self):
        return reverse("staff_detail", args=[self.pk])

    def all_posts(self):
        """Every post this person holds, will hold or held, the latest first; one query."""
        return list(self.assignments.for_access().order_by("-since", "-pk"))

    def history(self, posts):
        """What was done to the account and to these posts of it, the latest first; one query. What happens at the door aside."""
        about = Q(subject_type=kind_of(self), subject_id=self.pk) & ~Q(verb__in=DOOR_WORDS)
        about |= Q(subject_type=kind_of(Assignment), subject_id__in=[post.pk for post in posts])
        return Entry.objects.filter(about).select_related("actor", "on_behalf_of", "note").order_by("-pk")
