"""The calendar in the memory of this process. Others' changes are seen within a minute, one's own at once."""

import time

SECONDS_TO_LIVE = 60

_kept = None  # (moment of loading, calendar): replaced as a whole, so threads never see half of it


def current(load):
    """What `load()` returned last, loaded again when it is older than a minute."""
    global _kept
    kept = _kept
    if kept is None or time.monotonic() - kept[0] > SECONDS_TO_LIVE:
        kept = _kept = (time.monotonic(), load())
    return kept[1]


def forget():
    global _kept
    _kept = None
