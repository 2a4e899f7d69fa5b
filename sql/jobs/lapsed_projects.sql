-- The projects in which at least one lease has run out.
select distinct t.project_id as "project_id: crate::ids::ProjectId"
from tasks t
where t.claim_id is not null
  and t.lease_expires_at < now()
