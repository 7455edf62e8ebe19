from django.apps import AppConfig


class CounterConfig(AppConfig):
    name = "weimin.apps.counter"
    label = "counter"
    verbose_name = "窗口"
