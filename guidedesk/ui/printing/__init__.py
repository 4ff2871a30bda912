"""What is printed: cards and labels, laid out in millimetres (DESIGN-UI.md 13)."""
