"""The main job at the counter: a person present is registered or found, applies, and gets a receipt.

Owns no tables of its own: matters live in the kernel; this app is the front desk's way into it.
"""
