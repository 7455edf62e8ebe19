from django.apps import AppConfig


class UiConfig(AppConfig):
    name = "weimin.ui"
    label = "ui"
    verbose_name = "界面"
