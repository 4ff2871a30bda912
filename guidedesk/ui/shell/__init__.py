"""Parts of the main window around the page: rail, top bar, key bar, keyboard, history."""
