-- Stores a fresh token; answers nothing when a live token of the project has the name.
--
-- $1 project   $2 id   $3 person   $4 name   $5 hash   $6 prefix
-- $7 default role or null   $8 expiry or null
insert into tokens (project_id, id, user_id, name, hash, prefix, default_role_id, expires_at)
values ($1, $2, $3, $4, $5, $6, $7, $8)
on conflict (project_id, lower(name)) where revoked_at is null do nothing
returning id
