"""The central server: the only place that decides attribution and money."""
