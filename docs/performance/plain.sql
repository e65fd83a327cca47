-- A look-up without the third wall: as a superuser.
\set i random(1, 100000)
SELECT id, version, doc FROM resource
WHERE tenant_id = '00000000-0000-0000-0000-000000000001' AND kind = 'User' AND unique_key = 'u' || :i || '@x';
