-- The same look-up in a transaction that is told its tenant first: three round trips more.
\set i random(1, 100000)
BEGIN;
SELECT set_config('app.tenant', '00000000-0000-0000-0000-000000000001', true);
SELECT id, version, doc FROM resource
WHERE tenant_id = '00000000-0000-0000-0000-000000000001' AND kind = 'User' AND unique_key = 'u' || :i || '@x';
COMMIT;
