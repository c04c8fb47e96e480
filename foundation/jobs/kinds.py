"""The kinds of jobs. Each app registers its own in `<app>/jobs.py`."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field

from django.utils.translation import gettext_lazy as _

KINDS = {}
# What can become of every job, whatever it does.
FAILURES = {
    "unexpected": _("Something went wrong that nobody foresaw. Nothing half is left; please tell the operators."),
    "gave_up": _("It broke off several times and was given up."),
    "unknown_kind": _("This version of the portal does not know this kind of work."),
}


class JobFailed(Exception):
    """An expected end: `code` is one of the kind's failures, `facts` fill the places in its words. No personal data."""

    def __init__(self, code, **facts):
        super().__init__(code)
        self.code, self.facts = code, facts


class JobCancelled(Exception):
    """Raised by `progress()` when the owner cancelled the job, or another worker took it over: stop, leave nothing half."""


@dataclass(frozen=True)
class Kind:
    """`label` and `outcome` are lazy words; %(name)s in `outcome` is filled from the result, in a failure from its facts."""

    code: str
    run: Callable
    label: str = ""
    outcome: str = ""
    failures: dict = field(default_factory=dict)


def runs(code, *, label="", outcome="", failures=None):
    """Register the decorated function of one job as what this kind does. A code has one meaning (ValueError)."""

    def register(run):
        if code in KINDS:
            raise ValueError(f"The kind of job {code!r} exists already.")
        KINDS[code] = Kind(code, run, label, outcome, failures or {})
        return run

    return register


def label_of(code):
    kind = KINDS.get(code)
    return str(kind.label) if kind and kind.label else code.replace("_", " ")


def outcome_of(code, result):
    """What came out, in words; "" if the kind says nothing about it."""
    kind = KINDS.get(code)
    return str(kind.outcome) % Places(result) if kind and kind.outcome and result else ""


def failure_of(code, error, facts):
    """Why it failed, in words; the code itself if nobody has words for it."""
    kind = KINDS.get(code)
    words = (kind.failures.get(error) if kind else None) or FAILURES.get(error)
    return str(words) % Places(facts) if words else error


class Places(defaultdict):
    """The values of a sentence; what is missing shows as "…"."""

    def __init__(self, values):
        super().__init__(lambda: "…", values or {})
