-- What an engineer would write by hand for an estate of extracts: full joins on the text key, the
-- comparisons of its rules, every break with both values. The yardstick of `make bench`.
COPY (
WITH
o AS (SELECT opp_key k, amount, currency, closed_at FROM read_parquet('{data}/crm_opportunities.parquet')),
q AS (SELECT opp_key k, total, quote_id FROM read_parquet('{data}/cpq_quotes.parquet') WHERE status = 'accepted'),
c AS (SELECT opp_key k, value, signed_at, start_at, contract_no FROM read_parquet('{data}/contracts.parquet')),
p AS (SELECT opp_key k, min(created_at) created_at, count(*) n, arg_min(budget, created_at) budget,
             arg_min(currency, created_at) currency, arg_min(start_at::TIMESTAMPTZ, created_at) start_at,
             arg_min(project_id, created_at) id, arg_max(project_id, created_at) extra
      FROM read_parquet('{data}/psa_projects.parquet') GROUP BY 1),
e AS (SELECT opp_key k, min(created_at) created_at, count(*) n, arg_min(budget, created_at) budget,
             arg_min(currency, created_at) currency, arg_min(start_at, created_at) start_at,
             arg_min(erp_project_id, created_at) id, arg_max(erp_project_id, created_at) extra
      FROM read_parquet('{data}/erp_projects.parquet') GROUP BY 1),
b AS (SELECT opp_key k, sum(amount) amount FROM read_parquet('{data}/erp_billing_schedules.parquet') GROUP BY 1),
w AS (SELECT coalesce(o.k, q.k, c.k, p.k, e.k) k, o.k IS NOT NULL has_o, c.k IS NOT NULL has_c,
             p.k IS NOT NULL has_p, e.k IS NOT NULL has_e,
             o.amount, o.currency, o.closed_at, q.total, q.quote_id, c.value, c.signed_at, c.start_at, c.contract_no,
             p.budget pb, p.currency pc, p.start_at ps, p.created_at pt, p.n pn, p.id pid, p.extra pextra,
             e.budget eb, e.currency ec, e.start_at es, e.created_at et, e.n en, e.id eid, e.extra eextra,
             b.amount billed
      FROM o FULL JOIN q ON o.k = q.k FULL JOIN c ON coalesce(o.k, q.k) = c.k
             FULL JOIN p ON coalesce(o.k, q.k, c.k) = p.k FULL JOIN e ON coalesce(o.k, q.k, c.k, p.k) = e.k
             LEFT JOIN b ON b.k = e.k),
now AS (SELECT TIMESTAMPTZ '{as_of}' t)
SELECT k AS key, 'mismatch' kind, 'cpq' AS system, 'amount' field, quote_id record_id, amount::VARCHAR expected, total::VARCHAR actual FROM w WHERE has_o AND abs(amount - total) > 0.005
UNION ALL SELECT k, 'mismatch', 'contracts', 'amount', contract_no, amount::VARCHAR, value::VARCHAR FROM w WHERE has_o AND abs(amount - value) > 0.005
UNION ALL SELECT k, 'mismatch', 'psa', 'amount', pid, amount::VARCHAR, pb::VARCHAR FROM w WHERE has_o AND abs(amount - pb) > 0.005
UNION ALL SELECT k, 'mismatch', 'erp', 'amount', eid, amount::VARCHAR, eb::VARCHAR FROM w WHERE has_o AND abs(amount - eb) > 0.005
UNION ALL SELECT k, 'mismatch', 'psa', 'currency', pid, currency, pc FROM w WHERE has_o AND currency <> pc
UNION ALL SELECT k, 'mismatch', 'erp', 'currency', eid, currency, ec FROM w WHERE has_o AND currency <> ec
UNION ALL SELECT k, 'mismatch', 'psa', 'start_at', pid, start_at::VARCHAR, ps::VARCHAR FROM w WHERE start_at <> ps
UNION ALL SELECT k, 'mismatch', 'erp', 'start_at', eid, start_at::VARCHAR, es::VARCHAR FROM w WHERE start_at <> es
UNION ALL SELECT k, 'missing', 'contracts', '', '', (closed_at + INTERVAL 7 DAY)::VARCHAR, NULL FROM w, now WHERE has_o AND NOT has_c AND closed_at + INTERVAL 7 DAY < t
UNION ALL SELECT k, 'missing', 'psa', '', '', (signed_at + INTERVAL 4 HOUR)::VARCHAR, NULL FROM w, now WHERE has_c AND NOT has_p AND signed_at + INTERVAL 4 HOUR < t
UNION ALL SELECT k, 'missing', 'erp', '', '', (pt + INTERVAL 2 HOUR)::VARCHAR, NULL FROM w, now WHERE has_p AND has_o AND NOT has_e AND pt + INTERVAL 2 HOUR < t
UNION ALL SELECT k, 'late', 'contracts', '', '', (closed_at + INTERVAL 7 DAY)::VARCHAR, signed_at::VARCHAR FROM w WHERE signed_at > closed_at + INTERVAL 7 DAY
UNION ALL SELECT k, 'late', 'psa', '', pid, (signed_at + INTERVAL 4 HOUR)::VARCHAR, pt::VARCHAR FROM w WHERE pt > signed_at + INTERVAL 4 HOUR
UNION ALL SELECT k, 'late', 'erp', '', eid, (pt + INTERVAL 2 HOUR)::VARCHAR, et::VARCHAR FROM w WHERE et > pt + INTERVAL 2 HOUR
UNION ALL SELECT k, 'tie_out', 'erp', 'amount', '', value::VARCHAR, billed::VARCHAR FROM w WHERE has_e AND abs(value - coalesce(billed, 0)) > 0.005
UNION ALL SELECT k, 'duplicate', 'psa', '', pextra, pid, pextra FROM w WHERE pn > 1
UNION ALL SELECT k, 'duplicate', 'erp', '', eextra, eid, eextra FROM w WHERE en > 1
UNION ALL SELECT k, 'orphan', 'psa', '', pid, NULL, NULL FROM w WHERE has_p AND NOT has_o
UNION ALL SELECT i.opp_key, 'orphan', 'erp', '', i.invoice_id, NULL, NULL FROM read_parquet('{data}/erp_invoices.parquet') i ANTI JOIN o ON i.opp_key = o.k
UNION ALL SELECT x.opp_key, 'missing', 'psa', '', x.co_key, (x.approved_at + INTERVAL 1 DAY)::VARCHAR, NULL FROM now, read_parquet('{data}/crm_change_orders.parquet') x ANTI JOIN read_parquet('{data}/psa_change_orders.parquet') y ON x.co_key = y.co_key WHERE x.approved_at + INTERVAL 1 DAY < t
UNION ALL SELECT x.opp_key, 'missing', 'erp', '', x.co_key, (x.approved_at + INTERVAL 1 DAY)::VARCHAR, NULL FROM now, read_parquet('{data}/crm_change_orders.parquet') x ANTI JOIN read_parquet('{data}/erp_change_orders.parquet') y ON x.co_key = y.co_key WHERE x.approved_at + INTERVAL 1 DAY < t
UNION ALL SELECT correlation_id, 'dead_letter', 'middleware', 'status', msg_id, 'delivered', status FROM read_parquet('{data}/middleware_messages.parquet') WHERE status = 'dead'
UNION ALL SELECT correlation_id, 'stuck', 'middleware', 'status', msg_id, 'delivered', status FROM now, read_parquet('{data}/middleware_messages.parquet') WHERE status IN ('pending', 'processing') AND updated_at < t - INTERVAL 6 HOUR
) TO '{out}' (FORMAT parquet);
