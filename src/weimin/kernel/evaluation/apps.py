from django.apps import AppConfig


class EvaluationConfig(AppConfig):
    name = "weimin.kernel.evaluation"
    label = "evaluation"
    verbose_name = "评价"
