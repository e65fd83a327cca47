-- 100,000 people in each of three tenants, for the scripts beside this: psql -d a_migrated_database -f people.sql
INSERT INTO resource
SELECT lpad(t::text, 32, '0')::uuid, 'User', ('01900000-0000-7000-8000-' || lpad(to_hex(i), 12, '0'))::uuid,
       'u' || i || '@x', 'e' || i, 'd' || i, 'D' || i, 1, i, i, repeat('x', 900)
FROM generate_series(1, 3) AS t, generate_series(1, 100000) AS i;
VACUUM ANALYZE resource;
