"""What docs/performance.md says, measured again by anyone: `make bench`."""
