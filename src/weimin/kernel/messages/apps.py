from django.apps import AppConfig


class MessagesConfig(AppConfig):
    name = "weimin.kernel.messages"
    label = "notices"
    verbose_name = "消息"
