"""Item models that page through long lists."""
