"""The desk: what can be done here; API, imports and commands are doors to the same desk."""
