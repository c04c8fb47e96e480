"""A model that exists in tests only: the smallest thing with a life of its own, to try the foundation on."""

from django.conf import settings
from django.db import models

from foundation.bigrams import BigramIndex, Searchable
from foundation.fields import EncryptedTextField, PathField
from foundation.journal.moves import Move


class BookQuerySet(models.QuerySet):
    def visible_to(self, user):
        return self.filter(area_path__startswith=user.username)

    def changeable_by(self, user):
        return self.visible_to(user).filter(handler=user)


class Book(Searchable):
    SEARCH_FIELDS = ("title", "text")
    MOVES = {
        "lend": Move(("in",), "lent", public=True),
        "bring_back": Move(("lent",), "in"),
        "stamp": Move(("in", "lent")),
        "burn": Move(("in", "lent"), "gone"),
    }

    title = models.CharField(max_length=200, blank=True)
    text = models.TextField(blank=True)
    status = models.CharField(max_length=20, default="in")
    version = models.PositiveIntegerField(default=1)
    handler = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True)
    phone = EncryptedTextField(blank=True, default="")
    area_path = PathField(blank=True, default="")
    changed_at = models.DateTimeField(auto_now=True)

    objects = BookQuerySet.as_manager()

    class Meta:
        indexes = [
            BigramIndex(name="shelf_book_bigrams"),
            models.Index(fields=["area_path"], name="shelf_book_area"),
        ]

    def __str__(self):
        return self.title

    def get_absolute_url(self):
        return f"/shelf/{self.pk}/"
