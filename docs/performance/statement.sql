-- The same look-up as Rollcall sends it: one statement that tells its tenant itself.
\set i random(1, 100000)
WITH scope AS MATERIALIZED (SELECT set_config('app.tenant', '00000000-0000-0000-0000-000000000001', true) AS tenant)
SELECT found.* FROM scope INNER JOIN LATERAL (
  SELECT * FROM (
    SELECT id, version, doc FROM resource
    WHERE tenant_id = '00000000-0000-0000-0000-000000000001' AND kind = 'User' AND unique_key = 'u' || :i || '@x'
  ) AS asked WHERE scope.tenant IS NOT NULL OFFSET 0
) AS found ON TRUE;
