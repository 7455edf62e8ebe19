"""The lists as people keep and read them: public lists of any day, the keeper's drafts, checks, publication, drift.

Owns no tables: rows, versions, offers and proposals live in the catalogue; this app is the way of keepers, checkers,
township leaders and the public into them.
"""
