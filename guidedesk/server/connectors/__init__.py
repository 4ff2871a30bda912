"""Where people and sales come from: the sample chain, real purchases; later files and other systems."""
