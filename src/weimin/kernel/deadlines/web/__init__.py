"""The working calendar on the portal; law and holiday notices on the desk."""
