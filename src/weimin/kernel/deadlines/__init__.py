"""Calendars, limits and the clock ledger.

Owns: calendar years and days (工作日历), legal parameters (法定参数), clocks (时钟) and their entries
(时钟台账). A due date is never a stored wish: it is the sum of a ledger and can say why.
"""
