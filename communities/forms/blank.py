"""Forms about forms: bringing a blank one, saying what belongs where, filling it."""

from datetime import date
from pathlib import PurePath

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from communities.access import may, posts_for
from communities.blanks.layout import NothingToFill, fingerprint_of, read_layout
from communities.blanks.registers import COMPUTED, FIXED, REGISTERS, known, likely_register, suggest_fixed
from communities.forms.row import half_width
from communities.models import BlankForm
from communities.models.blank import area_of, keeps_registers
from foundation.forms import FactForm, GuardedForm
from foundation.workbooks import FORM, Refused, open_workbook_safely

LEAVE = ("", _("leave as it is"))
MOST_LEARNT_FROM = 30  # forms of the area whose mapping is looked at for a heading that no table knows


class BlankUploadForm(FactForm):
    """A blank form as it was received. Its cleaned data are the arguments of `BlankFill.objects.begin`."""

    file = forms.FileField(
        label=_("The blank form (.xlsx)"),
        help_text=_("As you received it, not yet filled in, at most 5 MB. Its headings are recognised."),
        widget=forms.ClearableFileInput(attrs={"accept": ".xlsx"}),
        error_messages={"required": _("Please choose the file."), "empty": _("The file is empty.")},
    )

    def __init__(self, *args, user, **kwargs):
        super().__init__(*args, **kwargs)
        self.user = user

    def clean_file(self):
        sent = self.cleaned_data["file"]
        try:
            if sent.size > FORM.size:
                raise Refused("large")
            data = sent.read()
            self.layout = read_layout(open_workbook_safely(data), known)
        except Refused as refused:
            raise ValidationError(str(refused)) from None
        except NothingToFill:
            raise ValidationError(
                _(
                    "No headings with empty rows below, and no labels with empty cells beside them, were found in this file."
                )
            ) from None
        self.name = half_width(PurePath(sent.name).stem)[:120] or gettext("Form")
        return data

    def clean(self):
        cleaned = super().clean() or self.cleaned_data
        if "file" in cleaned:
            cleaned["data"] = cleaned.pop("file")
            cleaned |= {"name": self.name, "layout": self.layout, "fingerprint": fingerprint_of(self.layout)}
            cleaned["area_path"] = working_area(self.user)
        return cleaned


def working_area(user):
    """The area whose forms a new one joins: that of the first post with which the user keeps registers."""
    return next((area_of(post) or "" for post in posts_for(user, "places") if keeps_registers(post)), "")


class BlankMapForm(GuardedForm):
    """What belongs under each heading. Suggested from the usual headings, and from forms of the area that were mapped before.

    Field names are numbers of places: register-0, field-0-3, text-0-3 for the blocks, fixed-1, fixed-text-1 for single cells.
    """

    name = forms.CharField(label=_("Name of the form"), max_length=120)

    def __init__(self, *args, row, user, **kwargs):
        super().__init__(*args, row=row, initial={"name": row.name}, **kwargs)
        self.user = user
        self.allowed = [code for code, register in REGISTERS.items() if may(user, register.topic)]
        self.learnt = None
        self.parts = [self.add_block(number, block) for number, block in enumerate(row.layout["blocks"])]
        self.cells = [self.add_fixed(number, cell) for number, cell in enumerate(self.distinct_cells())]

    def distinct_cells(self):
        """Each label once: what is asked on three sheets is answered once."""
        return list({cell["label"]: cell for cell in self.row.layout["fixed"]}.values())

    def add_block(self, number, block):
        """Fields of one block; returns what the page shows of it."""
        mapped = self.row.mapping.get(block["key"], {})
        register = REGISTERS[self.register_of(number, block, mapped)]
        name = f"register-{number}"
        choices = [(code, REGISTERS[code].label) for code in self.allowed]
        self.fields[name] = forms.ChoiceField(label=_("One row is"), choices=choices, initial=register.code)
        fields = [LEAVE, (_("computed"), labels(COMPUTED)), (register.label, labels(register.fields))]
        rows = []
        for place, heading in enumerate(block["headings"]):
            before = mapped.get("fields", {}).get(heading) if mapped.get("register") == register.code else None
            start = before or self.suggestion(register, heading)
            self.add_choice(f"field-{number}-{place}", f"text-{number}-{place}", heading, fields, start)
            rows.append((heading, self[f"field-{number}-{place}"], self[f"text-{number}-{place}"]))
        return {"block": block, "register": self[name], "rows": rows}

    def register_of(self, number, block, mapped):
        """The register that was just chosen, else that of the mapping, else the one that answers most headings."""
        sent = self.data.get(f"register-{number}", "") if self.is_bound else ""
        code = sent or mapped.get("register", "")
        return code if code in self.allowed else likely_register(block["headings"], self.allowed)

    def add_fixed(self, number, cell):
        before = self.row.mapping.get("fixed", {}).get(cell["label"])
        start = before or {"field": suggest_fixed(cell["label"])}
        self.add_choice(f"fixed-{number}", f"fixed-text-{number}", cell["label"], [LEAVE, *labels(FIXED)], start)
        return cell["label"], self[f"fixed-{number}"], self[f"fixed-text-{number}"]

    def add_choice(self, field, text, label, choices, start):
        self.fields[field] = forms.ChoiceField(
            label=label, required=False, choices=choices, initial=start.get("field", "")
        )
        self.fields[text] = forms.CharField(
            label=gettext("Text or day for %(heading)s") % {"heading": label},
            required=False,
            max_length=100,
            initial=start.get("text", ""),
        )

    def suggestion(self, register, heading):
        code = register.suggest(heading)
        return {"field": code} if code else self.learnt_before().get((register.code, heading), {})

    def learnt_before(self):
        """What other forms of the area put under the same heading of the same register."""
        if self.learnt is None:
            self.learnt = {}
            others = BlankForm.objects.visible_to(self.user).standing().exclude(pk=self.row.pk)
            for mapping in others.filter(mapped_at__isnull=False).values_list("mapping", flat=True)[:MOST_LEARNT_FROM]:
                for block in mapping.values():
                    for heading, one in block.get("fields", {}).items():
                        self.learnt.setdefault((block["register"], heading), one)
        return self.learnt

    def clean(self):
        cleaned = super().clean()
        mapping = {part["block"]["key"]: self.block_mapping(number, part) for number, part in enumerate(self.parts)}
        if not any(one["field"] for block in mapping.values() for one in block["fields"].values()):
            self.add_error(None, _("Please say of at least one heading what belongs under it."))
        mapping["fixed"] = {
            label: self.chosen(f"fixed-{number}", f"fixed-text-{number}", FIXED)
            for number, (label, _field, _text) in enumerate(self.cells)
        }
        return {"name": cleaned.get("name", ""), "mapping": mapping}

    def block_mapping(self, number, part):
        register = REGISTERS[self.register_of(number, part["block"], {})]
        fields = {
            heading: self.chosen(f"field-{number}-{place}", f"text-{number}-{place}", register.by_code.values())
            for place, (heading, _field, _text) in enumerate(part["rows"])
        }
        return {"register": register.code, "fields": fields}

    def chosen(self, field, text, among):
        """{"field", "text"} of one heading; an error at the text if the field asks for one that is not there."""
        code, typed = self.cleaned_data.get(field, ""), self.cleaned_data.get(text, "")
        asks = next((one.asks for one in among if one.code == code), "")
        if asks == "day" and not is_day(typed):
            self.add_error(text, _("Please write a day, for example 2026-12-31."))
        elif asks == "text" and not typed:
            self.add_error(text, _("Please write the text that always belongs here."))
        return {"field": code, "text": typed if asks else ""}


def labels(fields):
    return [(one.code, one.label) for one in fields]


def is_day(text):
    try:
        return bool(date.fromisoformat(text))
    except ValueError:
        return False


class BlankFillForm(GuardedForm):
    """What the filled form is for; with columns of phones or ID numbers, whether they are wanted in full."""

    purpose = forms.CharField(
        label=_("What the form is for"),
        min_length=2,
        max_length=300,
        help_text=_(
            "For example: asked for by the civil affairs office of the street, due on 30 November. It goes into the access log."
        ),
    )
    in_full = forms.BooleanField(
        label=_("Phone and ID numbers in full"),
        required=False,
        help_text=_(
            "Each person whose number is shown leaves a line in the access log with this purpose. Otherwise they are masked."
        ),
    )

    def __init__(self, *args, row, secrets, **kwargs):
        super().__init__(*args, row=row, **kwargs)
        if not secrets:
            del self.fields["in_full"]
