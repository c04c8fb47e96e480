"""The house is read upward and imports downward; what the import linter cannot see is checked here."""

import tomllib
from pathlib import Path

from django.apps import apps
from django.conf import settings
from django.contrib.auth import get_user_model

ROOT = Path(__file__).resolve().parent.parent.parent
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
LAYERS = next(contract["layers"] for contract in CONTRACTS["contracts"] if contract["type"] == "layers")


def room(name):
    """The top-level package that a dotted name lies in."""
    return name.partition(".")[0]


def own_apps():
    """Installed apps whose code lies in this repository, the tests' own app left out."""
    return [
        config
        for config in apps.get_app_configs()
        if Path(config.path).is_relative_to(ROOT)
        and ".venv" not in Path(config.path).relative_to(ROOT).parts
        and room(config.name) != "tests"
    ]


def test_every_app_of_ours_is_named_in_the_contract():
    assert {room(config.name) for config in own_apps()} == set(LAYERS)
    assert set(CONTRACTS["root_packages"]) == set(LAYERS)


def test_every_folder_with_code_is_named_in_the_contract():
    folders = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    assert folders - {"tests"} == set(LAYERS)


def test_foreign_keys_point_downward():
    height = {name: -position for position, name in enumerate(LAYERS)}
    upward = [
        f"{field} -> {field.related_model._meta.label}"
        for config in own_apps()
        for model in config.get_models(include_auto_created=True)
        for field in model._meta.get_fields(include_hidden=True)
        if field.concrete and field.is_relation and field.related_model is not get_user_model()
        if room(field.related_model.__module__) in height
        and height[room(field.related_model.__module__)] > height[room(config.name)]
    ]
    assert upward == []


def test_the_order_of_installed_apps_is_the_order_of_the_house():
    rooms = [room(name) for name in settings.INSTALLED_APPS if room(name) in LAYERS]
    assert list(dict.fromkeys(rooms)) == LAYERS[::-1]
