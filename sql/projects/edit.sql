-- Writes a project's settings; the caller has locked the row and compared the version.
--
-- $1 project   $2 name   $3 key   $4 description   $5 language   $6 type   $7 default view
-- $8 cycle label   $9 page size   $10 lease in minutes
update projects
set name             = $2,
    key              = $3,
    description      = $4,
    primary_language = $5,
    project_type     = $6,
    default_view     = $7,
    cycle_label      = $8,
    mcp_page_size    = $9,
    lease_minutes    = $10,
    version          = version + 1,
    updated_at       = now()
where id = $1
