-- Makes the database of a fresh embedded cluster; its role, of the same name, owns it.
create database nottario
