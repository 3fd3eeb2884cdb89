"""The web part: uvicorn, on a socket that the launcher holds or on an address of its own."""

import argparse
import socket
import sys

import uvicorn

from studio.config import get_config


def main() -> None:
    sys.setswitchinterval(0.001)  # a thread that computes lets a piece of live sound pass after 1 ms, not 5
    config = get_config()
    parser = argparse.ArgumentParser(prog="python -m studio.web")
    parser.add_argument("--fd", type=int, help="a listening socket that was opened by whoever starts us")
    fd = parser.parse_args().fd
    server = uvicorn.Server(
        uvicorn.Config(
            "studio.asgi:application",
            host=config.host,
            port=config.port,
            ws="websockets-sansio",
            ws_max_size=1 << 20,
            ws_per_message_deflate=False,  # sound does not get smaller, and it would cost 33 KiB a socket
            lifespan="on",
            log_config=None,
            access_log=False,  # addresses of shared pages and invitations are secrets
            server_header=False,
            proxy_headers=False,  # STUDIO_TRUSTED_PROXIES says whom to believe, see apps.accounts.addresses
            timeout_graceful_shutdown=3,
        )
    )
    # Not uvicorn's own --fd: that one takes every socket for a unix socket.
    server.run(sockets=None if fd is None else [socket.socket(fileno=fd)])


if __name__ == "__main__":
    main()
