"""Production's settings for `make bench`; only the folder of the collected static files is the run's own."""

import os

from portal.settings import *  # noqa: F403

STATIC_ROOT = os.environ["BENCH_STATIC"]
