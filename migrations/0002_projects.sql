-- The tenant and what hangs on it. Every tenant table has the key (project_id, …), and every link
-- between rows carries project_id in its foreign key: a link across projects cannot be stored.

create table projects (
    id               uuid primary key,
    slug             text not null constraint projects_slug_key unique
                     constraint projects_slug_check check (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$' and char_length(slug) <= 60),
    key              text not null constraint projects_key_key unique
                     constraint projects_key_check check (key ~ '^[A-Z]{2,6}$'),
    name             text not null constraint projects_name_check check (name = btrim(name) and char_length(name) between 1 and 100),
    description      text not null default '' constraint projects_description_check check (octet_length(description) <= 65536),
    primary_language text,
    project_type     text,
    default_view     text not null default 'board' constraint projects_default_view_check check (default_view in ('board', 'gantt', 'docs', 'arch')),
    cycle_label      text not null default 'sprint' constraint projects_cycle_label_check check (char_length(cycle_label) between 1 and 30),
    mcp_page_size    integer not null default 50 constraint projects_mcp_page_size_check check (mcp_page_size between 1 and 500),
    -- 0 switches leases off.
    lease_minutes    integer not null default 60 constraint projects_lease_minutes_check check (lease_minutes between 0 and 1440),
    owner_id         uuid not null,
    archived_at      timestamptz,
    created_at       timestamptz not null default now(),
    updated_at       timestamptz not null default now()
);

-- Apart from `projects`, so that creating tasks does not churn the row that every call reads.
create table task_counters (
    project_id  uuid primary key references projects on delete cascade,
    last_number integer not null default 0
);

create table members (
    project_id uuid not null references projects on delete cascade,
    user_id    uuid not null references users,
    created_at timestamptz not null default now(),
    primary key (project_id, user_id)
);
create index members_user on members (user_id);

-- The owner is a member; deferred, because project and first member are made in one transaction.
alter table projects
    add constraint projects_owner_fkey foreign key (id, owner_id) references members (project_id, user_id)
    deferrable initially deferred;

create table roles (
    project_id uuid not null references projects on delete cascade,
    id         uuid not null,
    key        text not null constraint roles_key_check check (key ~ '^[a-z0-9][a-z0-9_-]{0,29}$'),
    label      text not null constraint roles_label_check check (char_length(label) between 1 and 60),
    color      text not null default 'slate' constraint roles_color_check
               check (color in ('slate', 'blue', 'teal', 'green', 'olive', 'amber', 'orange', 'red', 'pink', 'violet')),
    position   integer not null,
    primary key (project_id, id),
    constraint roles_key_key unique (project_id, key)
);

create table member_roles (
    project_id uuid not null,
    user_id    uuid not null,
    role_id    uuid not null,
    primary key (project_id, user_id, role_id),
    foreign key (project_id, user_id) references members (project_id, user_id) on delete cascade,
    foreign key (project_id, role_id) references roles (project_id, id) on delete cascade
);
create index member_roles_role on member_roles (project_id, role_id);

-- Named priorities. Values are unique, so a priority has at most one name.
create table buckets (
    project_id uuid not null references projects on delete cascade,
    key        text not null constraint buckets_key_check check (key ~ '^[a-z0-9][a-z0-9_-]{0,29}$'),
    value      smallint not null constraint buckets_value_check check (value between 0 and 100),
    is_default boolean not null default false,
    primary key (project_id, key),
    constraint buckets_value_key unique (project_id, value)
);
create unique index buckets_default on buckets (project_id) where is_default;

create table tokens (
    project_id      uuid not null references projects on delete cascade,
    id              uuid not null constraint tokens_id_key unique,
    user_id         uuid not null references users,
    name            text not null constraint tokens_name_check check (name = btrim(name) and char_length(name) between 1 and 60),
    -- SHA-256 of the whole secret, which has 256 bits of its own and needs no slow hash.
    hash            bytea not null constraint tokens_hash_key unique check (octet_length(hash) = 32),
    prefix          text not null,
    default_role_id uuid,
    created_at      timestamptz not null default now(),
    expires_at      timestamptz,
    last_used_at    timestamptz,
    revoked_at      timestamptz,
    primary key (project_id, id),
    foreign key (project_id, default_role_id) references roles (project_id, id) on delete set null (default_role_id)
);
create unique index tokens_live_name on tokens (project_id, lower(name)) where revoked_at is null;
create index tokens_user on tokens (user_id);

create table cycles (
    project_id         uuid not null references projects on delete cascade,
    id                 uuid not null,
    name               text not null constraint cycles_name_check check (name = btrim(name) and char_length(name) between 1 and 100),
    position           integer not null,
    -- Open tasks that came over from the cycle before.
    carried_in         integer not null default 0,
    opened_at          timestamptz not null default now(),
    closed_at          timestamptz,
    closed_by_user_id  uuid references users,
    closed_by_token_id uuid,
    primary key (project_id, id),
    constraint cycles_name_key unique (project_id, name),
    constraint cycles_position_key unique (project_id, position),
    foreign key (project_id, closed_by_token_id) references tokens (project_id, id)
);

-- At most one open cycle …
create unique index cycles_open on cycles (project_id) where closed_at is null;

-- … and at least one, at the end of every transaction.
create function require_open_cycle() returns trigger language plpgsql as $$
declare
    project uuid;
begin
    if tg_table_name = 'projects' then
        project := new.id;
    else
        project := old.project_id;
    end if;
    if exists (select from projects where id = project)
       and not exists (select from cycles where project_id = project and closed_at is null) then
        raise exception 'project % has no open cycle', project
            using errcode = 'check_violation', constraint = 'cycles_one_open';
    end if;
    return null;
end
$$;

create constraint trigger cycles_one_open after update or delete on cycles
    deferrable initially deferred for each row execute function require_open_cycle();
create constraint trigger projects_one_open after insert on projects
    deferrable initially deferred for each row execute function require_open_cycle();
