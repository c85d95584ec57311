"""Reads runs with the community's client for Boomi: a query, and all its further pages."""

import sys

from boomi import Boomi
from boomi.models import (
    ExecutionRecordQueryConfig,
    ExecutionRecordQueryConfigQueryFilter,
    ExecutionRecordSimpleExpression,
)

address, secret = sys.argv[1:]
client = Boomi(
    username="BOOMI_TOKEN.tieout@firm.example",
    password=secret,
    base_url=f"{address}/api/rest/v1/acme",
    account_id="acme",
)
began = ExecutionRecordSimpleExpression(
    operator="GREATER_THAN_OR_EQUAL",
    property="executionTime",
    argument=["2026-01-01T00:00:00Z"],
)
asked = ExecutionRecordQueryConfig(ExecutionRecordQueryConfigQueryFilter(expression=began))
page = client.execution_record.query_execution_record(asked)
while True:
    for run in page.result:
        print(run.execution_id)
    token = getattr(page, "query_token", None)
    if not token:
        break
    page = client.execution_record.query_more_execution_record(token)
