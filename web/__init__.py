"""The pages: desk, supervision, public progress, and the field app's shell. They call the same services as the API."""
