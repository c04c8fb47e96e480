"""The kinds of long work of this room; foundation.jobs looks here at the start."""

from communities import sheet_job
from communities.rosters import running as roster_jobs

__all__ = ["roster_jobs", "sheet_job"]
