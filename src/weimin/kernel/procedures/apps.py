from django.apps import AppConfig


class ProceduresConfig(AppConfig):
    name = "weimin.kernel.procedures"
    label = "procedures"
    verbose_name = "办理流程"
