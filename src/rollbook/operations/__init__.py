"""The desk: what can be done here; API, pages, imports and commands are doors to the same desk."""
