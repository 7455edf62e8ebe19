"""Rating on the portal, repairs on the desk."""
