"""The contract, for machines and for people: `/v1/openapi.json` and `/docs`."""

from typing import ClassVar

from falcon.asgi import Request, Response


class Contract:
    """`/v1/openapi.json`."""

    needs: ClassVar = {"GET": None}

    async def on_get(self, _req: Request, resp: Response) -> None:
        """Return the OpenAPI document."""
        resp.status = 404


class Docs:
    """`/docs`."""

    needs: ClassVar = {"GET": None}

    async def on_get(self, _req: Request, resp: Response) -> None:
        """Return a page to read."""
        resp.status = 404
