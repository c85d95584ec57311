"""What machines ask of the daemon: is it alive, is it ready, read the landscape anew, metrics."""

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse, PlainTextResponse
from prometheus_client.exposition import gzip_accepted

from monitor.config.issues import ConfigurationError
from monitor.scheduler import Daemon
from monitor.web.readiness import Readiness


def management_routes(daemon: Daemon) -> APIRouter:
    """Routes of a running daemon."""
    routes = APIRouter()
    readiness = Readiness(daemon.runtime.database.check_writable)

    @routes.get("/-/healthy")
    def healthy() -> PlainTextResponse:
        """The process answers."""
        return PlainTextResponse("tieout is healthy\n")

    @routes.get("/-/ready")
    def ready() -> PlainTextResponse:
        """The store answers and takes writes."""
        failure = readiness.failure()
        if failure is not None:
            return PlainTextResponse(f"not ready: {failure}\n", status_code=503)
        return PlainTextResponse("tieout is ready\n")

    @routes.post("/-/reload")
    def reload() -> Response:
        """Load the landscape anew; a bad one is refused and the old one runs on."""
        refused = daemon.reload()
        if refused is None:
            return PlainTextResponse("landscape reloaded\n")
        issues = refused.issues if isinstance(refused, ConfigurationError) else (refused,)
        return JSONResponse(
            {
                "error": "landscape refused",
                "reason": refused.reason,
                "issues": [str(each) for each in issues],
            },
            status_code=400,
        )

    @routes.get("/metrics")
    def metrics(request: Request) -> Response:
        """Every series, in the format that the caller accepts."""
        headers = request.headers
        compressed = gzip_accepted(headers.get("accept-encoding", ""))
        body, content_type = daemon.runtime.metrics.expose(
            headers.get("accept", ""), compressed=compressed
        )
        encoding = {"content-encoding": "gzip"} if compressed else {}
        return Response(
            body,
            media_type=content_type,
            headers={"vary": "Accept, Accept-Encoding", **encoding},
        )

    return routes
