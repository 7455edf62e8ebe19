"""Delegation as law: which powers of the county a township uses, by what instrument, in whose name, from when to when.

Owns: delegations (赋权, 委托, 法定) with their matters, readiness, confirmation letters, evaluations and withdrawal.
Matters ask through `weimin.kernel.catalogue.authority` who decides; they keep the answer.
"""
