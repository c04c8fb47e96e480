from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from communities.access import CHANGE, inside
from communities.forms.staff import ReasonForm
from communities.models import Division
from communities.models.division import Level
from communities.models.roster import kinds_open_to, places_open_to
from communities.posts import MOST_OFFERED, where
from communities.rosters.columns import BY_CODE, COLUMNS
from communities.rosters.faults import FileFault
from communities.rosters.files import EXTENSIONS, open_book
from communities.rosters.mapping import missing, outline_of
from foundation.forms import FactForm, GuardedForm
from foundation.paths import is_within
from foundation.workbooks import MEGABYTE

# From the widest down; a list that grows too long stops a level higher.
OFFERED_LEVELS = (Level.DISTRICT, Level.STREET, Level.COMMUNITY, Level.GRID)


class RosterCreateForm(FactForm):
    """Which ledger, of which place, and the file. `cleaned_data` is what `Roster.objects.receive` takes."""

    kind = forms.ChoiceField(label=_("What stands in it"), widget=forms.RadioSelect)
    division = forms.ModelChoiceField(
        label=_("Of which place"),
        queryset=Division.objects.none(),
        help_text=_("Nothing outside of this place is changed."),
    )
    file = forms.FileField(
        label=_("File"),
        widget=forms.FileInput(attrs={"accept": ",".join(EXTENSIONS)}),
        help_text=_(".xlsx, .xls or .csv, at most 20 MB and 100,000 rows. It is kept encrypted for thirty days."),
    )

    def __init__(self, *args, user, **kwargs):
        super().__init__(*args, **kwargs)
        self.user = user
        kinds = kinds_open_to(user, CHANGE)
        self.fields["kind"].choices = [(kind.value, kind.label) for kind in kinds]
        self.roots = {kind.value: places_open_to(user, kind, CHANGE) for kind in kinds}
        rows = places_in(sorted({root for roots in self.roots.values() for root in roots}))
        field = self.fields["division"]
        field.queryset = rows
        offered = list(rows[:MOST_OFFERED])
        field.widget.choices = [("", "—"), *((row.pk, where(row)) for row in offered)]
        if len(offered) == 1:
            field.initial = offered[0].pk

    def clean(self):
        cleaned = super().clean()
        kind, division, file = cleaned.get("kind"), cleaned.get("division"), cleaned.pop("file", None)
        if kind and division and not any(is_within(division.code, root) for root in self.roots[kind]):
            self.add_error("division", _("You may not change this register in this place."))
        if file is not None:
            self.open(file, cleaned)
        return cleaned

    def open(self, file, cleaned):
        """Look into the file; what is wrong with it as a whole is said at once."""
        try:
            if file.size > settings.ROSTER_MOST_BYTES:  # before anything is read into memory
                raise FileFault("too_large", most=settings.ROSTER_MOST_BYTES // MEGABYTE)
            data = file.read()
            with open_book(data, file.name) as book:
                cleaned |= {"data": data, "file_name": file.name, "outline": outline_of(book)}
        except FileFault as fault:
            self.add_error("file", ValidationError(str(fault), code=fault.code))


def places_in(roots):
    """Standing places inside of these, down to the lowest level at which they still fit into a list."""
    rows = Division.objects.filter(inside(roots, "code"), until__isnull=True).select_related("parent").order_by("code")
    for lowest in (4, 3, 2):
        some = rows.filter(level__in=OFFERED_LEVELS[:lowest])
        if some.count() <= MOST_OFFERED:
            return some
    return rows.filter(level=Level.DISTRICT)


class RosterSheetForm(forms.Form):
    """Which sheet, and which row holds the headings. Numbers only, so it travels by GET."""

    sheet = forms.TypedChoiceField(label=_("Sheet"), coerce=int, required=False)
    row = forms.TypedChoiceField(label=_("Heading row"), coerce=int, required=False, empty_value=None)

    def __init__(self, *args, outline, proposal, **kwargs):
        super().__init__(*args, **kwargs)
        self.sheets = [page for page in outline if not page["hidden"] and page["rows"]]
        self.fields["sheet"].choices = [(number, page["name"]) for number, page in enumerate(self.sheets)]
        at = next((n for n, page in enumerate(self.sheets) if page["name"] == proposal.sheet), 0)
        rows = self.sheets[at]["rows"] if self.sheets else []
        self.fields["row"].choices = [(number, f"{number} · {first_words(texts)}") for number, texts in rows]
        self.initial = {"sheet": at, "row": proposal.heading_row}


def first_words(texts, most=3):
    return " · ".join([text for text in texts if text][:most])[:50]


class RosterMapForm(GuardedForm):
    """Which column of the file is what. One choice for each column; `cleaned_data` is what `Roster.map_columns` takes."""

    sheet = forms.CharField(widget=forms.HiddenInput)
    heading_row = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args, row, proposal, **kwargs):
        super().__init__(*args, row=row, **kwargs)
        self.proposal = proposal
        self.initial |= {"sheet": proposal.sheet, "heading_row": proposal.heading_row}
        words = [("", _("— not used —")), *((column.code, said(column)) for column in COLUMNS[row.kind])]
        self.positions = [at for at, text in enumerate(proposal.headings) if text or at in proposal.mapping]
        for at in self.positions:
            self.fields[f"column_{at}"] = forms.ChoiceField(
                label=proposal.headings[at] or _("(without a heading)"),
                choices=words,
                required=False,
                initial=proposal.mapping.get(at, ""),
            )

    def rows(self):
        """[(the choice, samples of the column)] for the page."""
        for at in self.positions:
            yield self[f"column_{at}"], [sample for sample in self.samples(at) if sample]

    def samples(self, at):
        return [mask(texts[at]) if at < len(texts) else "" for texts in self.proposal.samples]

    def clean(self):
        cleaned = super().clean()
        mapping = {at: cleaned.pop(f"column_{at}", "") for at in self.positions}
        mapping = {at: code for at, code in mapping.items() if code}
        twice = {code for code in mapping.values() if list(mapping.values()).count(code) > 1}
        for at, code in mapping.items():
            if code in twice:
                self.add_error(
                    f"column_{at}",
                    _("Two columns cannot both be “%(name)s”.") % {"name": BY_CODE[self.row.kind][code].label},
                )
        lacking = missing(self.row.kind, mapping)
        if lacking:
            names = "、".join(str(column.label) for column in lacking)
            self.add_error(None, _("No column is chosen for: %(names)s.") % {"names": names})
        return cleaned | {"mapping": mapping, "fingerprint": self.proposal.fingerprint}


def said(column):
    return f"{column.label} *" if column.required else column.label


def mask(text):
    """A sample that gives nobody away: all but the first character of words, all but the last two of longer numbers."""
    if sum(letter.isdigit() for letter in text) >= 7:
        return f"{'*' * 6}{text[-2:]}"
    return text[:1] + "*" * min(len(text) - 1, 6) if len(text) > 1 and not text.isascii() else text


class RosterRevertForm(ReasonForm):
    """Why an import is taken back."""


class RosterStepForm(GuardedForm):
    """A step that needs nothing but a second look."""
