"""Pages on which a person gives their identity once and sees who looked at it."""
