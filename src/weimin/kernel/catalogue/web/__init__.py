"""Search and guide pages; the desk's view of items for list keepers."""
