"""Runs Fairlead and its peers side by side and says what each costs."""
