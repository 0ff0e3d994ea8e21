"""A bare server of sockets: accepts, answers the first frame, and holds. For `benchmarks.visitors`."""

import sys

import uvicorn
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket


async def hold(websocket: WebSocket) -> None:
    """Until the other side ends it."""
    await websocket.accept()
    await websocket.receive_text()
    await websocket.send_text('{"t":"ready"}')
    await websocket.receive()


if __name__ == "__main__":
    uvicorn.run(
        Starlette(routes=[WebSocketRoute("/live", hold)]),
        host="127.0.0.1",
        port=int(sys.argv[1]),
        loop="uvloop",
        ws="websockets-sansio",
        ws_per_message_deflate=False,
        log_level="error",
    )
