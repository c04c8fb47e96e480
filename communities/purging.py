"""What the registers hold about a person, and how it is cleared."""

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from communities.models import (
    BlankFill,
    BlankForm,
    CareEntry,
    Feedback,
    Handover,
    Household,
    LifeEvent,
    Merge,
    NotTheSame,
    Purge,
    Resident,
    Roster,
    RosterLine,
    Sheet,
    Suggestion,
)
from communities.models.division import line_of
from communities.models.resident import Presence
from communities.models.retention import OBSTACLES
from communities.models.roster import AT_WORK
from communities.workflow import Advice
from foundation.journal.purging import forget_about, forget_naming, forget_sure
from foundation.paths import within
from foundation.purging import (
    PURGED,
    blank,
    blank_where_named,
    blank_where_sure,
    holds_nothing,
    purges,
    stands_in_file,
    write,
)

for label, why in {
    "communities.Assignment": "posts of staff",
    "communities.Building": "names of buildings",
    "communities.CareCategory": "rules",
    "communities.CareGrant": "reasons about staff",
    "communities.CareStandard": "rules",
    "communities.Compound": "facts of places",
    "communities.ConsentText": "shipped texts",
    "communities.Division": "facts of places",
    "communities.Leave": "staff",
    "communities.ManagementChange": "facts of places",
    "communities.Reassignment": "numbers",
    "communities.Reorganisation": "facts of places",
    "communities.RetentionRule": "rules",
    "communities.Review": "staff",
    "communities.ReviewLine": "staff",
    "communities.RosterFault": "codes and numbers, never what stood in the cell",
    "communities.RosterMapping": "codes of columns",
    "communities.RosterSlip": "accounts of staff",
    "communities.Shift": "staff",
    "communities.Swap": "staff",
    "communities.Unit": "facts of places",
}.items():
    holds_nothing(label, why)


@purges(
    "register",
    _("entries in the register"),
    *("communities.Resident", "communities.CareEntry", "communities.LifeEvent", "communities.Suggestion"),
    *("communities.Merge", "communities.NotTheSame", "communities.RosterLine", "communities.Purge"),
)
def purge_people(person):
    """The rows of the person and everything that hangs on them; last of all, because the others ask them who it is."""
    pks = person.pks
    done = 0
    for entry in CareEntry.objects.filter(resident__in=pks):
        done += 1 + forget_about("communities.careentry", [entry.pk])
        entry.forget()
    done += forget_events(LifeEvent.objects.filter(resident__in=pks))
    done += forget_suggestions(Suggestion.objects.filter(resident__in=pks))
    done += Merge.objects.forget("resident", pks)
    said = NotTheSame.objects.filter(Q(first_id__in=pks) | Q(second_id__in=pks), kind="resident")
    done += blank(said, "reason", "voided_reason")
    done += RosterLine.objects.filter(model="resident", object_id__in=pks).exclude(former="").update(former="")
    done += blank(Purge.objects.filter(resident__in=pks), "reason", "voided_reason")
    done += forget_about("communities.purge", Purge.objects.filter(resident__in=pks).values_list("pk", flat=True))
    for row in person.rows:
        leave_tombstone(row)
    return done + len(person.rows) + forget_about("communities.resident", pks)


def forget_events(events):
    done = forget_about("communities.lifeevent", events.values_list("pk", flat=True))
    for event in events:
        write(
            event,
            effects="",
            remark=PURGED if event.remark else "",
            voided_reason=PURGED if event.voided_reason else "",
        )
    return done + len(events)


def forget_suggestions(suggestions):
    done = forget_about("communities.suggestion", suggestions.values_list("pk", flat=True))
    for row in suggestions:
        facts = {"value": "", "former": "", "fingerprint": "", "reason": PURGED, "answer": PURGED if row.answer else ""}
        if row.status == Advice.OPEN:
            facts["status"] = Advice.WITHDRAWN
        write(row, **facts)
        done += 1
    return done


def leave_tombstone(row):
    """A row without a name: counts and histories stay what they were, and nothing says who it was."""
    Resident._base_manager.filter(pk=row.pk).update(
        **dict.fromkeys(NAMELESS, ""),
        **dict.fromkeys(DAYLESS),
        name=PURGED,
        remark=PURGED if row.remark else "",
        voided_reason=PURGED if row.voided_reason else "",
        is_head=False,
        presence=Presence.HOME,
        declines_calls=False,
        version=row.version + 1,
        purged_at=timezone.now(),
    )


SECRET_HASHES = [f"{name}{kind}" for name in ("phone", "id_number") for kind in ("", "_hash", "_last4_hash")]
NAMELESS = ["bigrams", "name_key", "sex", "residency", "declines_said_by", "declines_remark", *SECRET_HASHES]
DAYLESS = [
    "born_on",
    "care_level",
    "presence_since",
    "presence_until",
    "declines_visits_on",
    "declines_reviewed_on",
    "came_home_on",
]


@purges(
    "homes",
    _("texts about the household"),
    *("communities.Household", "communities.Handover", "communities.Feedback"),
)
def purge_homes(person):
    """Texts about the homes that name the person, and texts of the area in which a number of the person stands."""
    homes = Household._base_manager.filter(pk__in=person.near["homes"])
    pks = list(person.near["homes"])
    done = blank(Household._base_manager.filter(pk__in=person.near["own_homes"]), "remark")
    done += blank_where_named(person, homes, "remark", "voided_reason")
    done += blank_where_named(person, Suggestion.objects.filter(household__in=pks), "reason", "answer", "voided_reason")
    moved = LifeEvent.objects.filter(Q(household_from__in=pks) | Q(household_to__in=pks))
    done += blank_where_named(person, moved, "remark", "voided_reason")
    done += blank_where_named(person, moved, "effects")
    for merge in Merge.objects.about("household", *pks).exclude(former=""):
        if person.is_named_in(merge.former):
            done += Merge.objects.filter(pk=merge.pk).update(former="")
    lines = RosterLine.objects.filter(model="household", object_id__in=pks).exclude(former="")
    done += blank_where_named(person, lines, "former")
    for kind in ("communities.household", "communities.lifeevent", "communities.suggestion"):
        rows = pks if kind == "communities.household" else moved.values_list("pk", flat=True)
        done += forget_naming(person, kind, rows)
    around = Q(area_path__in=["", *line_of(person.area_path)]) | within(person.area_path)
    done += blank_where_sure(person, Handover.objects.filter(around), "remark")
    done += blank_where_sure(person, Feedback.objects.filter(around), "text", "answer")
    return done + forget_sure(person, person.area_path[:12])


@purges(
    "files",
    _("stored lists and forms"),
    *("communities.Roster", "communities.RosterPiece", "communities.BlankFill", "communities.BlankForm"),
    "communities.Sheet",
)
def purge_files(person):
    """Files that name the person are thrown away whole: ledgers that were sent in, filled forms, lists that were taken away."""
    now, done = timezone.now(), 0
    line = ["", *line_of(person.area_path)]
    for roster in Roster.objects.filter(area_path__in=line, file_purged_at__isnull=True).exclude(status__in=AT_WORK):
        if stands_in_file(person, roster.content()) or person.is_named_in(roster.outline_text):
            roster.purge_file(now=now)
            done += 1
    done += blank_where_named(person, Roster.objects.filter(area_path__in=line), "file_name")
    for row in person.rows:
        done += BlankFill.objects.clear_of(f"communities.resident:{row.pk}")
    for home in person.near["own_homes"]:
        done += BlankFill.objects.clear_of(f"communities.household:{home}")
    done += drop_named(person, BlankFill.objects.filter(cleared_at__isnull=True, area_path__in=line), "file", "result")
    done += drop_named(person, BlankForm.objects.filter(area_path__in=line), "file")
    done += blank_where_named(person, BlankFill.objects.filter(area_path__in=line), "purpose")
    mine = Sheet.objects.filter(
        pk__in=Sheet.objects.filter(
            Q(created_by__assignments__area_path__in=line)
            | Q(created_by__assignments__area_path__startswith=person.area_path[:12])
        ).values("pk")
    )
    done += drop_named(person, mine.filter(cleared_at__isnull=True), "file")
    return done + blank_where_named(person, mine, "words") + blank_where_named(person, mine, "purpose")


def drop_named(person, rows, *names):
    """Throw away those files of these rows that name the person."""
    done = 0
    for row in rows.iterator(chunk_size=2):
        for name in names:
            if stands_in_file(person, getattr(row, name)):
                done += blank(type(row)._base_manager.filter(pk=row.pk), name)
    return done


def is_being_entered(resident):
    """A ledger that a worker is reading right now would bring the person back."""
    line = ["", *line_of(resident.area_path)]
    if Roster.objects.filter(status__in=AT_WORK, area_path__in=line).exists():
        return [_("A ledger of this place is being entered right now; please try again later.")]
    return []


OBSTACLES.append(is_being_entered)
