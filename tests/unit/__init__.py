"""The pure parts, in milliseconds."""
