from django.apps import AppConfig


class ShelfConfig(AppConfig):
    name = "tests.foundation.shelf"
    label = "shelf"
