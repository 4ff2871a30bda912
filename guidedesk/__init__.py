"""GuideDesk: the counter app and the central server of a store chain."""

__version__ = "0.1.0"
