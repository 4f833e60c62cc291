"""What people would write instead, to be measured beside it."""
