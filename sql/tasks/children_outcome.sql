-- Whether a feature has children, and whether any of them was done.
--
-- $1 project   $2 feature
select count(*)                                        as "children!",
       coalesce(bool_or(t.state = 'done'), false)      as "any_done!"
from tasks t
where t.project_id = $1
  and t.parent_id = $2
  and t.deleted_at is null
