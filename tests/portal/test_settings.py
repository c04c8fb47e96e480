"""With DEBUG off the portal refuses to start on insecure values, and names each of them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

ROOT = Path(__file__).resolve().parent.parent.parent
SECURE = {
    "DEBUG": "off",
    "SECRET_KEY": "s" * 25 + "0123456789" * 3,
    "HASH_KEY": "h" * 25 + "0123456789" * 3,
    "ENCRYPTION_KEYS": Fernet.generate_key().decode(),
    "ALLOWED_HOSTS": "portal.example.org",
    "PORTAL_URL": "https://portal.example.org",
    "DATABASE_URL": "postgresql://portal@db.example.org/portal",
    "REDIS_URL": "redis://queue.example.org:6379/0",
    "EMAIL_URL": "smtp://mail.example.org:25",
}
NAMES = ("DATABASE_URL", "REDIS_URL", "DEMO", "EMAIL_URL", "DEFAULT_FROM_EMAIL", *SECURE)


def start(**environment):
    """Load the settings in a process of their own, as starting the portal does; the process."""
    plain = {name: value for name, value in os.environ.items() if name not in NAMES}
    return subprocess.run(
        [sys.executable, "-c", "from django.conf import settings; print(settings.DEBUG)"],
        env={**plain, "DJANGO_SETTINGS_MODULE": "portal.settings", **environment},
        cwd=ROOT,
        capture_output=True,
        text=True,
    )


def test_starts_on_secure_values():
    started = start(**SECURE)
    assert started.returncode == 0, started.stderr
    assert started.stdout.strip() == "False"


def test_a_laptop_needs_no_values_at_all():
    started = start()
    assert started.returncode == 0, started.stderr
    assert started.stdout.strip() == "True"


def test_names_every_insecure_value_at_once():
    refused = start(DEBUG="off")
    assert refused.returncode != 0
    assert "ImproperlyConfigured" in refused.stderr
    # without EMAIL_URL nothing is unsafe, only nothing is sent
    for name in SECURE.keys() - {"DEBUG", "EMAIL_URL"}:
        assert f"{name} must" in refused.stderr


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SECRET_KEY", "short"),
        ("HASH_KEY", "short"),
        ("HASH_KEY", SECURE["SECRET_KEY"]),
        ("ENCRYPTION_KEYS", ""),
        ("ALLOWED_HOSTS", "*"),
        ("PORTAL_URL", "http://portal.example.org"),
        ("DATABASE_URL", "sqlite:///portal.sqlite3"),
        ("REDIS_URL", ""),
        ("DEMO", "on"),
    ],
)
def test_refuses_one_insecure_value_and_names_only_it(name, value):
    refused = start(**{**SECURE, name: value})
    assert refused.returncode != 0
    message = next(line for line in refused.stderr.splitlines()[::-1] if "ImproperlyConfigured" in line)
    named = {other for other in (*SECURE, "DEMO") if f"{other} must" in message}
    assert named == {name}


def test_unknown_database_scheme_is_refused():
    assert "DATABASE_URL" in start(DATABASE_URL="mysql://db/portal").stderr
