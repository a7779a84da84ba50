"""Training several models under one budget and setting them side by side."""
