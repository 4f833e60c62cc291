"""The night watch: figures, logs and limits, for whoever looks after the server."""
