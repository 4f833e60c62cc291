"""Counting commits."""


class Counted:
    """A commit hook that lets every commit through and says how many there were."""

    def __init__(self) -> None:
        self.number = 0

    def __call__(self) -> bool:
        self.number += 1
        return False  # nothing against it
