"""The page's facts as JSON under `/api/v1`, described by OpenAPI."""

from collections.abc import Callable

from fastapi import APIRouter

from monitor.web.api.breaks import break_api
from monitor.web.api.corrections import correction_api
from monitor.web.api.deals import deal_api
from monitor.web.desk import Desk

PREFIX = "/api/v1"

API: tuple[Callable[[Desk], APIRouter], ...] = (deal_api, break_api, correction_api)
"""Every room of the API."""
