"""Pages of matters: a person's own on the portal, an agency's on the desk."""
