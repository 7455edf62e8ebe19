from django.apps import AppConfig


class SupervisionConfig(AppConfig):
    name = "weimin.kernel.supervision"
    label = "supervision"
    verbose_name = "监督"
