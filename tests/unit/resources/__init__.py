"""What resources compute before they speak to anyone."""
