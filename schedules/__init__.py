"""What runs, when, and because of what."""
