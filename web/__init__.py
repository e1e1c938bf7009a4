"""The pages: desk, supervision, public progress, and the phone's shell. They call the same services as the API does."""
