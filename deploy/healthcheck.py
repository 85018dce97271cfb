"""Asks this container's service whether it is ready; exit status 0 says yes. An address as argument asks there."""

import http.client
import os
import sys
from urllib.parse import urlsplit


def main() -> int:
    """Answers 1 for everything that is not a plain 200 within two seconds."""
    default = f"http://127.0.0.1:{os.environ.get('TDMAKER_HTTP_PORT', '9100')}/readyz"
    address = urlsplit(sys.argv[1] if len(sys.argv) > 1 else default)
    connection = http.client.HTTPConnection(address.netloc, timeout=2)
    try:
        connection.request("GET", address.path)
        return 0 if connection.getresponse().status == 200 else 1
    except (OSError, http.client.HTTPException):
        return 1
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(main())
