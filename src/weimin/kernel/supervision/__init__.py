"""Warnings, orders, public reasons for overruns, and patterns in clocks that smell.

Owns: warnings (预警), orders (督办单), overrun reasons (超期原因说明), findings (时钟异常). Every figure here
opens the records it was counted from; nothing here scores or ranks a person.
"""
