-- Whether a comment is one on this task.
--
-- $1 project   $2 task   $3 comment
select exists (
    select from task_comments m
    where m.project_id = $1
      and m.task_id    = $2
      and m.id         = $3
) as "is_comment!"
