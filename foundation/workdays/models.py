"""Which days are worked. Monday to Friday needs no row: only days that differ have one."""

from django.conf import settings
from django.db import models, transaction
from django.utils.translation import gettext_lazy as _

from foundation.journal.models import record
from foundation.workdays import snapshot


def _forget_now_and_after_commit():
    # At once for the rest of this transaction; again afterwards, for another thread may have read old rows meanwhile.
    snapshot.forget()
    transaction.on_commit(snapshot.forget)


class WorkdayQuerySet(models.QuerySet):
    @transaction.atomic
    def decide(self, date, working, name, by, *, name_en="", source=""):
        """A person decides that `date` is worked or not (a new notice, a local closure); files no longer change it.

        The same decision again changes nothing.
        """
        day = self.filter(date=date).first()
        if (
            day
            and day.decided_by_id
            and (day.working, day.name, day.name_en, day.source) == (working, name, name_en, source)
        ):
            return day
        before = day.state if day else ""
        day = day or Workday(date=date)
        day.working, day.name, day.name_en, day.source, day.decided_by = working, name, name_en, source, by
        day.save()
        record(day, "decide", by=by, before=before, after=day.state, data={"date": date})
        _forget_now_and_after_commit()
        return day

    @transaction.atomic
    def take_over(self, days, *, dry_run=False):
        """Make the calendar equal to `days` (unsaved Workdays) in every year they name; returns {word: number}.

        Days that a person decided stay as they are. The year of a day is official if all of its days are.
        """
        stored = {day.date: day for day in self.filter(date__year__in={day.date.year for day in days})}
        kept = {date for date, day in stored.items() if day.decided_by_id}
        named = {day.date: day for day in days if day.date not in kept}
        fresh = [day for date, day in named.items() if date not in stored]
        changed = [stored[date] for date, day in named.items() if date in stored and stored[date].facts != day.facts]
        gone = [day.pk for date, day in stored.items() if date not in named and date not in kept]
        if not dry_run:
            self.bulk_create(fresh)
            for day in changed:
                day.facts = named[day.date].facts
            self.bulk_update(changed, Workday.FACTS)
            self.filter(pk__in=gone).delete()
            Year.objects.take_over(days)
            _forget_now_and_after_commit()
        return {"new": len(fresh), "changed": len(changed), "removed": len(gone), "kept": len(kept)}


class Workday(models.Model):
    """A day that is worked though a weekend, or not worked though Monday to Friday; `official` says by notice."""

    FACTS = ("working", "name", "name_en", "source", "official")

    date = models.DateField(_("date"), unique=True)
    working = models.BooleanField(_("is worked"))
    name = models.CharField(_("name"), max_length=60)
    name_en = models.CharField(_("English name"), max_length=80, blank=True, default="")
    source = models.CharField(_("source"), max_length=200, blank=True, default="")
    official = models.BooleanField(_("official"), default=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, editable=False, related_name="+"
    )

    objects = WorkdayQuerySet.as_manager()

    class Meta:
        ordering = ["date"]

    def __str__(self):
        return f"{self.date} {self.name}"

    @property
    def state(self):
        return "working" if self.working else "off"

    @property
    def facts(self):
        return {name: getattr(self, name) for name in self.FACTS}

    @facts.setter
    def facts(self, facts):
        for name, value in facts.items():
            setattr(self, name, value)


class YearQuerySet(models.QuerySet):
    def take_over(self, days):
        for year in sorted({day.date.year for day in days}):
            own = [day for day in days if day.date.year == year]
            facts = {"official": all(day.official for day in own), "source": own[0].source}
            self.update_or_create(year=year, defaults=facts)

    @transaction.atomic
    def confirm(self, year, source, by):
        """A person has entered the State Council's notice for `year`: from now on its days are official. Once is enough."""
        known = self.filter(year=year, official=True, source=source).first()
        if known:
            return known
        row, _created = self.update_or_create(year=year, defaults={"official": True, "source": source})
        record(row, "confirm", by=by, after="official", data={"year": year})
        _forget_now_and_after_commit()
        return row


class Year(models.Model):
    """A year of the calendar: official once the yearly notice of the State Council stands in it, else provisional."""

    year = models.PositiveSmallIntegerField(_("year"), unique=True)
    official = models.BooleanField(_("official"), default=False)
    source = models.CharField(_("source"), max_length=200, blank=True, default="")

    objects = YearQuerySet.as_manager()

    class Meta:
        ordering = ["year"]

    def __str__(self):
        return str(self.year)
