"""Tables and engines. Entities are declared once; the server and the counter's cache both have them."""
