"""The nouns of a school's attendance and the rules that hold among them; no I/O."""
