"""Reads issues with the community's client for Jira: the enhanced search and all its pages."""

import sys

from jira import JIRA

address, secret = sys.argv[1:]
client = JIRA(server=address, basic_auth=("tieout@firm.example", secret), max_retries=0)
issues = client.enhanced_search_issues(
    'issuetype = "Change Order" ORDER BY updated ASC', maxResults=0, fields=["summary", "updated"]
)
for issue in issues:
    assert issue.fields.summary
    print(issue.id)
