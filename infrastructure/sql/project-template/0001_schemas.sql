-- What every project's database starts with. Runs as the platform's superuser in the template; the shared
-- roles anon, authenticated and service_role exist in the cluster by then.
CREATE SCHEMA auth;
CREATE SCHEMA storage;
CREATE SCHEMA extensions;

REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public, auth, storage, extensions TO anon, authenticated, service_role;
