-- What claim_next would hand out now; changes nothing.
--
-- $1 project   $2 lanes   $3 type or null   $4 role or null   $5 parent or null
select h.id as "id!: TaskId"
from ready_heads($1, $2, $3, $4, $5) h
order by h.priority desc, h.number
limit 1
