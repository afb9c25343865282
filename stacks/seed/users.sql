-- Sample source for stacks/users.toml: one table, three rows.
--
-- Runs unchanged on SQLite, PostgreSQL and MariaDB. On MariaDB first: set session sql_mode = 'MAXDB,NO_BACKSLASH_ESCAPES';
-- (MAXDB makes a TIMESTAMP column a DATETIME, a date and time without a zone, as it is on the other two.)
create table users (
    user_id integer not null primary key,
    username varchar(50) not null,
    email varchar(100) not null,
    registration_date date,
    last_login timestamp null,
    profile_data json,
    constraint users_email unique (email)
);

insert into users (user_id, username, email, registration_date, last_login, profile_data) values
(101, 'alice', 'alice@example.com', '2023-01-15', '2024-03-10 09:30:00',
 '{"name": "Alice Ames", "age": 31, "newsletter": true, "address": {"city": "Lisbon", "zip": "1100-148"}, "interests": ["chess", "trail running"]}'),
(102, 'bob', 'bob@example.com', '2023-02-20', '2024-03-09 14:45:00',
 '{"name": "Bob O''Neil", "age": 44, "newsletter": false, "address": {"city": "Cork", "zip": null}, "interests": []}'),
(103, 'charlie', 'charlie@example.com', '2023-03-05', '2024-03-08 18:20:00',
 '{"name": "Charlie \"Chaz\" Møller", "age": 27, "newsletter": true, "address": {"city": "Århus", "geo": [56.1572, 10.2107]}, "interests": ["🎷 jazz"], "visits": 12000000000000000000}');
