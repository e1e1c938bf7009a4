"""The content of pages, prepared before a template renders it. Pure, and tested without a browser."""
