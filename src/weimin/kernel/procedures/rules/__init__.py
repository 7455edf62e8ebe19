"""Pure decisions about procedures: what a drawing may hold, where it leads, and how it runs."""
