from django.apps import AppConfig


class TaskadmissionConfig(AppConfig):
    name = "weimin.apps.taskadmission"
    label = "taskadmission"
    verbose_name = "任务准入"
