"""Rating and looks on the portal; repairs, answers and the list of looks on the desk."""
