"""What a person types, chooses, sees and takes along, on every page."""
