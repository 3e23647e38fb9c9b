"""The benchmark itself: what it measures is what it says it measures."""
