-- The queue. `ready` and `lane` are generated on the row itself: after a claimer has locked a row,
-- PostgreSQL re-checks them on its newest version, so a prerequisite added in between makes the
-- row drop out of the claim.
create table tasks (
    project_id          uuid not null references projects on delete cascade,
    id                  uuid not null,
    number              integer not null,
    cycle_id            uuid not null,
    parent_id           uuid,
    type                text not null default 'task' constraint tasks_type_check check (type in ('task', 'bug', 'chore', 'spike', 'feature')),
    title               text not null constraint tasks_title_check check (title = btrim(title) and char_length(title) between 1 and 200),
    priority            smallint not null constraint tasks_priority_check check (priority between 0 and 100),
    target_role_id      uuid,
    -- Kept by the transaction that changes a state, an edge or a parent: see src/tasks/links.
    open_prerequisites  integer not null default 0 constraint tasks_open_prerequisites_check check (open_prerequisites >= 0),
    open_children       integer not null default 0 constraint tasks_open_children_check check (open_children >= 0),
    -- True from the first edge, parent or child on, and for ever: closing such a task takes the project's lock.
    linked              boolean not null default false,
    deleted_at          timestamptz,
    created_by_user_id  uuid references users,
    created_by_token_id uuid,
    created_at          timestamptz not null default now(),
    edited_by_user_id   uuid references users,
    edited_by_token_id  uuid,
    edited_at           timestamptz,
    progress_note       text constraint tasks_progress_note_check check (char_length(progress_note) <= 200),
    heartbeat_at        timestamptz,
    -- From here on what a claim writes, in one piece: of a changed row, the log gets only the part
    -- between the first and the last byte that differ.
    state               text not null default 'todo' constraint tasks_state_check check (state in ('todo', 'doing', 'done', 'wont_do')),
    assignee_id         uuid,
    claim_id            uuid,
    -- Written from the authenticated caller only. Not foreign keys: a claim would lock the holder's
    -- row each time, and users and tokens are never deleted while their project lives.
    holder_user_id      uuid,
    holder_token_id     uuid,
    assigned_by_claim   boolean not null default false,
    claimed_at          timestamptz,
    lease_seconds       integer,
    lease_expires_at    timestamptz,
    started_at          timestamptz,
    closed_at           timestamptz,
    version             integer not null default 1,
    updated_at          timestamptz not null default now(),
    -- Who may take it: its assignee, else the role it asks for, else everybody (the nil uuid).
    lane  uuid not null generated always as (coalesce(assignee_id, target_role_id, '00000000-0000-0000-0000-000000000000'::uuid)) stored,
    ready boolean not null generated always as (
        state = 'todo' and open_prerequisites = 0 and deleted_at is null and (type <> 'feature' or open_children = 0)
    ) stored,
    primary key (project_id, id),
    constraint tasks_number_key unique (project_id, number),
    foreign key (project_id, cycle_id) references cycles (project_id, id),
    foreign key (project_id, parent_id) references tasks (project_id, id),
    constraint tasks_assignee_fkey foreign key (project_id, assignee_id) references members (project_id, user_id) on delete set null (assignee_id),
    constraint tasks_target_role_fkey foreign key (project_id, target_role_id) references roles (project_id, id) on delete set null (target_role_id),
    foreign key (project_id, created_by_token_id) references tokens (project_id, id),
    foreign key (project_id, edited_by_token_id) references tokens (project_id, id),
    constraint tasks_parent_check check (parent_id <> id),
    constraint tasks_claim_check check ((state = 'doing') = (claim_id is not null)),
    constraint tasks_holder_check check ((claim_id is null) = (holder_user_id is null)),
    constraint tasks_lease_check check (lease_expires_at is null or claim_id is not null),
    constraint tasks_closed_check check ((state in ('done', 'wont_do')) = (closed_at is not null))
) with (fillfactor = 80, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000, autovacuum_vacuum_cost_delay = 0);

-- What decides a claim, and nothing else. The cycle is not in it: an open task is always in the open cycle.
create index tasks_claim on tasks (project_id, lane, priority desc, number) where ready;
-- What lists and counts read. A task is in one of the two at most, so both together cost a claim
-- what one of them does, and open tasks are found at once behind any number of closed ones.
create index tasks_open on tasks (project_id, priority desc, number)
    where closed_at is null and deleted_at is null;
create index tasks_closed on tasks (project_id, cycle_id, priority desc, number) include (state)
    where closed_at is not null and deleted_at is null;
create index tasks_parent on tasks (project_id, parent_id) where parent_id is not null;
-- Tasks in work: whose they are, and for the sweep, whose lease has run out. The lease itself is not in it,
-- so that renewing stays a heap-only update.
create index tasks_held on tasks (project_id, holder_token_id) where claim_id is not null;
-- None by assignee or role: a claim would write to them too. Lists filter in their order, and a member
-- or role that goes, which is rare, looks through the project's tasks once.

-- Apart from the task, so that claiming and closing never rewrite a long text.
create table task_texts (
    project_id  uuid not null,
    task_id     uuid not null,
    description text not null default '' constraint task_texts_description_check check (octet_length(description) <= 65536),
    primary key (project_id, task_id),
    foreign key (project_id, task_id) references tasks (project_id, id) on delete cascade
);

create table task_dependencies (
    project_id    uuid not null,
    task_id       uuid not null,
    depends_on_id uuid not null,
    primary key (project_id, task_id, depends_on_id),
    constraint task_dependencies_self_check check (task_id <> depends_on_id),
    foreign key (project_id, task_id) references tasks (project_id, id) on delete cascade,
    foreign key (project_id, depends_on_id) references tasks (project_id, id) on delete cascade
);
create index task_dependencies_reverse on task_dependencies (project_id, depends_on_id);

create table task_comments (
    project_id        uuid not null,
    id                uuid not null,
    task_id           uuid not null,
    author_user_id    uuid not null references users,
    author_token_id   uuid,
    body              text not null constraint task_comments_body_check check (octet_length(body) between 1 and 65536),
    created_at        timestamptz not null default now(),
    edited_at         timestamptz,
    edited_by_user_id uuid references users,
    primary key (project_id, id),
    foreign key (project_id, task_id) references tasks (project_id, id) on delete cascade,
    foreign key (project_id, author_token_id) references tokens (project_id, id)
);
create index task_comments_task on task_comments (project_id, task_id, created_at, id);

create table task_commits (
    project_id         uuid not null,
    task_id            uuid not null,
    repo               text not null constraint task_commits_repo_check check (char_length(repo) <= 200),
    sha                text not null constraint task_commits_sha_check check (sha ~ '^[0-9a-f]{7,64}$'),
    message            text not null default '' constraint task_commits_message_check check (octet_length(message) <= 8192),
    linked_at          timestamptz not null default now(),
    linked_by_user_id  uuid not null references users,
    linked_by_token_id uuid,
    primary key (project_id, task_id, repo, sha),
    foreign key (project_id, task_id) references tasks (project_id, id) on delete cascade,
    foreign key (project_id, linked_by_token_id) references tokens (project_id, id)
);

-- The best ready task of each lane that is asked for: what preview and claim choose from, in one place.
-- A plain SQL function, so that the planner inlines it: one ordered index probe for each lane.
create function ready_heads(
    project uuid, lanes uuid[], only_type text, only_role uuid, only_parent uuid
) returns table (id uuid, lane uuid, priority smallint, number integer) language sql stable as $$
    select head.id, head.lane, head.priority, head.number
    from unnest(lanes) as wanted (lane)
    cross join lateral (
        select t.id, t.lane, t.priority, t.number
        from tasks t
        where t.project_id = project
          and t.lane = wanted.lane
          and t.ready
          and (only_type is null or t.type = only_type)
          and (only_role is null or t.target_role_id = only_role)
          and (only_parent is null or t.parent_id = only_parent)
        order by t.priority desc, t.number
        limit 1
    ) head
$$;

-- Whether a task is on a list; what is null does not narrow it. Asked of open and of closed tasks,
-- and like `ready_heads` inlined by the planner, which then sees the indexes that fit.
create function is_listed(
    t tasks, only_state text, only_type text, only_assignee uuid, only_unassigned boolean, only_role uuid,
    only_parent uuid, with_children boolean, only_ready boolean, only_holder uuid, title_part text,
    with_number integer, after_priority smallint, after_number integer
) returns boolean language sql stable as $$
    select (only_state is null or t.state = only_state)
       -- What every task in work has, and what the index of those is limited to.
       and (only_state is distinct from 'doing' and only_holder is null or t.claim_id is not null)
       and (only_holder is null or t.holder_token_id = only_holder)
       and (only_type is null or t.type = only_type)
       and (only_assignee is null or t.assignee_id = only_assignee)
       and (not only_unassigned or t.assignee_id is null)
       and (only_role is null or t.target_role_id = only_role)
       and (only_parent is null or t.parent_id = only_parent)
       and (with_children or t.parent_id is null)
       and (only_ready is null or t.ready = only_ready)
       and (title_part is null or t.title ilike '%' || title_part || '%' or t.number = with_number)
       and (after_priority is null
            or t.priority <= after_priority and (t.priority < after_priority or t.number > after_number))
$$;

-- A cycle with how its tasks stand. Open tasks are counted once, for the open cycle, which has them all.
create view cycle_cards as
select c.project_id,
       c.id,
       c.name,
       c.position,
       c.opened_at,
       c.closed_at,
       open.tasks + closed.tasks  as total,
       open.tasks - doing.tasks   as todo,
       doing.tasks                as doing,
       closed.done                as done,
       closed.tasks - closed.done as wont_do
from cycles c
cross join lateral (
    select count(*) as tasks
    from tasks t
    where t.project_id = c.project_id
      and t.closed_at is null
      and t.deleted_at is null
      and c.closed_at is null
) open
cross join lateral (
    select count(*) as tasks
    from tasks t
    where t.project_id = c.project_id
      and t.claim_id is not null
      and t.deleted_at is null
      and c.closed_at is null
) doing
cross join lateral (
    select count(*)                                 as tasks,
           count(*) filter (where t.state = 'done') as done
    from tasks t
    where t.project_id = c.project_id
      and t.cycle_id   = c.id
      and t.closed_at is not null
      and t.deleted_at is null
) closed;

-- A task as it is shown: names beside ids. Deleted tasks are not in it.
--
-- Names are looked up one by one and not joined: a card is read after nearly every change, and setting
-- up nine joins costs more than carrying them out.
create view task_cards as
select t.project_id,
       t.id,
       t.number,
       p.key || '-' || t.number        as key,
       t.type,
       t.title,
       t.state,
       t.priority,
       (select b.key from buckets b where b.project_id = t.project_id and b.value = t.priority)      as priority_key,
       t.ready,
       t.parent_id,
       p.key || '-' || parent.number   as parent_key,
       parent.title                    as parent_title,
       t.target_role_id,
       (select r.key from roles r where r.project_id = t.project_id and r.id = t.target_role_id)     as target_role,
       t.assignee_id,
       (select u.login from users u where u.id = t.assignee_id)                                      as assignee,
       t.holder_user_id,
       t.holder_token_id,
       (select u.login from users u where u.id = t.holder_user_id)                                   as holder,
       (select k.name from tokens k where k.project_id = t.project_id and k.id = t.holder_token_id)  as holder_token,
       t.claim_id,
       t.claimed_at,
       t.lease_expires_at,
       t.progress_note,
       t.cycle_id,
       t.open_prerequisites,
       t.open_children,
       t.started_at,
       t.closed_at,
       t.created_by_user_id,
       t.created_by_token_id,
       t.edited_by_user_id,
       t.edited_by_token_id,
       t.edited_at,
       t.version,
       t.created_at,
       t.updated_at
from tasks t
join projects p on p.id = t.project_id
left join tasks parent on parent.project_id = t.project_id and parent.id = t.parent_id
where t.deleted_at is null;
