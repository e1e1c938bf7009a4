"""Run the API and the pages: `python -m web`."""

from api.__main__ import serve
from web.app import create_app

if __name__ == "__main__":
    serve(create_app())
