-- What the settings of a project need: a version, so that two forms that were open at the same
-- time do not overwrite each other, and bounds for the texts that nobody could write so far.

alter table projects
    add column version integer not null default 1,
    add constraint projects_primary_language_check check (char_length(primary_language) between 1 and 60),
    add constraint projects_project_type_check check (char_length(project_type) between 1 and 60);
