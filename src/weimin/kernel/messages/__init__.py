"""Notices to people: made from outbox events, shown in the message centre, sent as texts.

Owns: messages (消息). Packages bring their wording as templates by topic.
"""
