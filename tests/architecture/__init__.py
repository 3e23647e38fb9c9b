"""The walls between the layers, and what the documents say."""
