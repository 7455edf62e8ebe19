"""Pure rules of the catalogue: forms, consistency of an item, search words."""
