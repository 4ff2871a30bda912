"""Read models for screens: plain indexed SQL over the cache, frozen rows out."""
