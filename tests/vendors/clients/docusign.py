"""Reads envelopes with DocuSign's own client: every page of the list of changes."""

import sys

from docusign_esign import ApiClient, EnvelopesApi

address, secret = sys.argv[1:]
client = ApiClient(host=f"{address}/restapi")
client.set_default_header("Authorization", f"Bearer {secret}")
envelopes = EnvelopesApi(client)
seen, total = 0, 1
while seen < total:
    page = envelopes.list_status_changes(
        "acme", from_date="2026-01-01T00:00:00Z", start_position=str(seen), include="custom_fields"
    )
    for envelope in page.envelopes:
        assert envelope.custom_fields.text_custom_fields
        print(envelope.envelope_id)
    seen, total = seen + int(page.result_set_size), int(page.total_set_size)
