"""What every request must pass before it is read: a token, and a body that is not too large."""

import hmac
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, TypeAlias

Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
App: TypeAlias = Callable[[Message, Receive, Send], Awaitable[None]]

OPEN = ("/health",)
"""Paths that need no token."""


class Limits:
    """An ASGI layer around an application: 401 without the token, 413 for a body above the limit.

    The body is counted as it comes, whatever its header says.
    """

    def __init__(self, app: App, *, token: str, most: int) -> None:
        self._app, self._most = app, most
        self._wanted = f"Bearer {token}".encode()

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request, or hand it on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        given = headers.get(b"authorization", b"")
        if scope["path"] not in OPEN and not hmac.compare_digest(given, self._wanted):
            await _answer(send, 401, "a wrong token, or none", "send the header Authorization: Bearer TOKEN.")
            return
        length = headers.get(b"content-length", b"0")
        if not length.isdigit() or int(length) > self._most:
            await self._too_large(send)
            return
        await self._counted(scope, receive, send)

    async def _counted(self, scope: Message, receive: Receive, send: Send) -> None:
        taken, refused, started = 0, False, False

        async def limited() -> Message:
            nonlocal taken, refused
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > self._most:
                refused = True
                return {"type": "http.disconnect"}
            return message

        async def answered(message: Message) -> None:
            nonlocal started
            if not refused:
                started = True
                await send(message)

        try:
            await self._app(scope, limited, answered)
        except Exception:
            if not refused:
                raise
        if refused and not started:
            await self._too_large(send)

    async def _too_large(self, send: Send) -> None:
        await _answer(send, 413, f"a body of more than {self._most:,} bytes", "send fewer rows at once.")


async def _answer(send: Send, status: int, what: str, fix: str) -> None:
    import json

    body = json.dumps({"error": {"what": what, "why": "", "fix": fix}}).encode()
    head = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    if status == 401:
        head.append((b"www-authenticate", b"Bearer"))
    await send({"type": "http.response.start", "status": status, "headers": head})
    await send({"type": "http.response.body", "body": body})
