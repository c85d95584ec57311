"""OTLP over HTTP with binary protobuf, through our own transport.

Source: OpenTelemetry Protocol specification 1.x, "OTLP/HTTP": requests go to `/v1/traces` with
content type `application/x-protobuf`; 429, 502, 503 and 504 may be tried again, and a response may
say that some spans were refused for good.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby

import structlog

from monitor.core.clock import TimeLimit
from monitor.core.errors import Permanent, Reason, TieoutError, Transient
from monitor.core.telemetry import Attribute, Event, Span, TelemetrySettings
from monitor.response import Response
from monitor.transport import Transport

try:
    from google.protobuf.message import DecodeError
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
        ExportTraceServiceRequest,
        ExportTraceServiceResponse,
    )
    from opentelemetry.proto.common.v1.common_pb2 import (
        AnyValue,
        InstrumentationScope,
        KeyValue,
    )
    from opentelemetry.proto.resource.v1.resource_pb2 import Resource
    from opentelemetry.proto.trace.v1 import trace_pb2
except ModuleNotFoundError as missing:
    raise Permanent(
        f"telemetry needs the module {missing.name}: install tieout[otel]",
        reason=Reason.CONFIGURATION,
    ) from missing

log = structlog.get_logger(__name__)

_RETRIED: Mapping[int, Reason] = {
    429: Reason.THROTTLED,
    502: Reason.SERVER_ERROR,
    503: Reason.THROTTLED,
    504: Reason.DEADLINE,
}
_REFUSED: Mapping[int, Reason] = {
    401: Reason.CREDENTIALS,
    403: Reason.CREDENTIALS,
    404: Reason.NOT_FOUND,
    413: Reason.TOO_LARGE,
}
_SUCCESS = range(200, 300)
_MAX_ANSWER = 1024 * 1024
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class OtlpExporter:
    """Posts spans to one collector. Safe to use from several threads."""

    def __init__(self, settings: TelemetrySettings) -> None:
        """Prepare connections; none is opened yet."""
        url = settings.endpoint
        self._url = f"{str(url).rstrip('/')}/v1/traces"
        self._headers = settings.headers
        self._timeout = settings.timeout
        self._transport = Transport(f"{url.scheme}://{url.host}:{url.port}", max_bytes=_MAX_ANSWER)

    def export(self, spans: Sequence[Span]) -> None:
        """Post the spans; any 2xx means that the collector has them."""
        headers = {name: secret.get_secret_value() for name, secret in self._headers.items()}
        answer = self._transport.request(
            "POST",
            self._url,
            headers={**headers, "Content-Type": "application/x-protobuf"},
            content=request_of(spans).SerializeToString(deterministic=True),
            time_limit=TimeLimit.of(self._timeout),
        )
        failure = explain(answer)
        if failure is not None:
            raise failure
        refused = _refused_spans(answer)
        if refused:
            log.warning("the collector refused spans for good", spans=refused)

    def close(self) -> None:
        """Let go of connections."""
        self._transport.close()


def explain(answer: Response) -> TieoutError | None:
    """The typed error for an answer that is no success; None for a success."""
    message = f"the collector answered {answer.status}"
    if answer.status in _SUCCESS:
        return None
    if answer.status in _RETRIED:
        return Transient(message, reason=_RETRIED[answer.status])
    return Permanent(message, reason=_REFUSED.get(answer.status, Reason.REFUSED))


def _refused_spans(answer: Response) -> int:
    """How many of the spans the collector will not keep."""
    try:
        told = ExportTraceServiceResponse.FromString(answer.body)
    except DecodeError:
        return 0  # it has them; what else it says is nobody's business
    return told.partial_success.rejected_spans


def request_of(spans: Sequence[Span]) -> ExportTraceServiceRequest:
    """The spans as one message, those of each service together."""
    by_service = sorted(spans, key=lambda span: span.service)
    return ExportTraceServiceRequest(
        resource_spans=[
            trace_pb2.ResourceSpans(
                resource=Resource(attributes=list(_attributes({"service.name": service}))),
                scope_spans=[
                    trace_pb2.ScopeSpans(
                        scope=InstrumentationScope(name="tieout"),
                        spans=[_span(span) for span in of_service],
                    )
                ],
            )
            for service, of_service in groupby(by_service, key=lambda span: span.service)
        ]
    )


def _span(span: Span) -> trace_pb2.Span:
    code = trace_pb2.Status.STATUS_CODE_ERROR if span.failure else trace_pb2.Status.STATUS_CODE_OK
    return trace_pb2.Span(
        trace_id=span.trace_id,
        span_id=span.span_id,
        parent_span_id=span.parent_id,
        name=span.name,
        kind=trace_pb2.Span.SPAN_KIND_INTERNAL,
        start_time_unix_nano=_nanoseconds(span.start),
        end_time_unix_nano=_nanoseconds(span.end),
        attributes=list(_attributes(span.attributes)),
        events=[_event(event) for event in span.events],
        status=trace_pb2.Status(code=code, message=span.failure),
    )


def _event(event: Event) -> trace_pb2.Span.Event:
    return trace_pb2.Span.Event(
        name=event.name,
        time_unix_nano=_nanoseconds(event.at),
        attributes=list(_attributes(event.attributes)),
    )


def _attributes(attributes: Mapping[str, Attribute]) -> Iterator[KeyValue]:
    for name, value in attributes.items():
        yield KeyValue(key=name, value=_value(value))


def _value(value: Attribute) -> AnyValue:
    match value:
        case bool():
            return AnyValue(bool_value=value)
        case int():
            return AnyValue(int_value=value)
        case float():
            return AnyValue(double_value=value)
        case str():
            return AnyValue(string_value=value)


def _nanoseconds(instant: datetime) -> int:
    """Since 1970; the format has no earlier instants."""
    return max((instant - _EPOCH) // _MICROSECOND, 0) * 1000
