"""Real widgets: each renders one frozen state and says what a person did."""
