from django.apps import AppConfig


class RecordConfig(AppConfig):
    name = "weimin.kernel.record"
    label = "record"
    verbose_name = "记录"
