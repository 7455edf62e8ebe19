"""A believable city of any size: lives lived once by the platform's own actions, then copied by SQL.

`lives` takes a few hundred made-up matters through every way a matter can go, in one township, by the same actions as
real ones. `plan` says who applies for what, where and when, from a seed. `copying` writes the plan's matters with
everything that hangs on them, and `trail` their audit entries with digests, linked by the worker's own linker.
"""
