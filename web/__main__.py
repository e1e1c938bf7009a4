"""Run the API and the pages: `python -m web`."""

from api.__main__ import serve
from infra.process_end import ending_early
from web.app import create_app

if __name__ == "__main__":
    with ending_early():
        serve(create_app())
