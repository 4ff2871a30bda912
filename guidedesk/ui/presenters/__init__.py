"""Turn what services answer into one frozen state per screen. They import QtCore only."""
