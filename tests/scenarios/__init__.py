"""Whole runs told as stories, through the code as users run it."""
