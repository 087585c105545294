"""A WSGI service that reads its settings once, when a worker starts. SIGHUP to gunicorn's master starts new workers."""

import json
import os
import sys


def load(path):
    """Reads the settings; a ValueError says what is wrong with them."""
    with open(path, encoding="utf-8") as file:
        settings = json.load(file)
    if not isinstance(settings.get("greeting"), str) or not settings["greeting"]:
        raise ValueError("greeting must be a text that is not empty")
    limit = settings.get("limit")
    if type(limit) is not int or not 1 <= limit <= 1000:
        raise ValueError(f"limit must be a whole number from 1 to 1000, not {limit!r}")
    return settings


def application(environ, start_response):
    """Answers every path with the settings that it runs on."""
    body = f"{SETTINGS['greeting']}, at most {SETTINGS['limit']}\n".encode()
    start_response("200 OK", [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(body)))])
    return [body]


if __name__ == "__main__":
    # python3 app.py FILE judges a file, with the code that will read it.
    try:
        load(sys.argv[1])
    except (OSError, ValueError) as error:
        sys.exit(f"{sys.argv[1]}: {error}")
else:
    SETTINGS = load(os.environ.get("SETTINGS", "/srv/greeter/live/settings.json"))
