"""The server's routes, thin: each reads its request, asks one function, and says who may call it."""
