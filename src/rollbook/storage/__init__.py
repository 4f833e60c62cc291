"""The cellar: the databases, and all SQL; nowhere else is any."""
