//! What a PostgreSQL login may do beyond reading.
//!
//! Key insight: a read-only transaction is a mode that the session itself could leave, so the privileges are what protects the source.
//! Asked for every role that the login is a member of, because it may become each of them with SET ROLE. What a function that runs
//! with its owner's rights may do cannot be told. Called by [`super::Source`].

use super::failure;
use crate::source::Error;
use crate::source::address::Server;
use tokio_postgres::Client;

/// Attributes of the roles that the login is, or may become.
const ATTRIBUTES: &str = "select array_remove(array[
        case when r.rolsuper then 'is superuser' end,
        case when r.rolcreaterole then 'may create roles' end,
        case when r.rolcreatedb then 'may create databases' end,
        case when r.rolreplication then 'may replicate' end,
        case when r.rolname in ('pg_write_all_data', 'pg_write_server_files', 'pg_execute_server_program', 'pg_signal_backend',
            'pg_read_server_files', 'pg_maintain', 'pg_checkpoint', 'pg_create_subscription', 'pg_database_owner')
            then 'is a member of ' || r.rolname end], null)::text[], r.rolname::text
    from pg_catalog.pg_roles r where pg_catalog.pg_has_role(current_user, r.oid, 'MEMBER') order by r.rolname <> current_user, r.rolname";

/// Rights to change relations, one row for each schema and right.
const RELATIONS: &str = "select n.nspname::text, p.priv, count(distinct c.oid), min(c.relname::text)
    from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    cross join (values ('INSERT'), ('UPDATE'), ('DELETE'), ('TRUNCATE'), ('TRIGGER')) p (priv)
    where c.relkind in ('r', 'p', 'v', 'm', 'f') and n.nspname <> 'information_schema' and n.nspname !~ '^pg_'
    and exists (select 1 from pg_catalog.pg_roles r where pg_catalog.pg_has_role(current_user, r.oid, 'MEMBER')
        and (pg_catalog.has_table_privilege(r.oid, c.oid, p.priv)
            or p.priv in ('INSERT', 'UPDATE') and pg_catalog.has_any_column_privilege(r.oid, c.oid, p.priv)))
    group by 1, 2 order by 1, 2";

/// Rights to make things, and to move sequences.
const OTHERS: &str = "with roles as (select r.oid from pg_catalog.pg_roles r where pg_catalog.pg_has_role(current_user, r.oid, 'MEMBER'))
    select 'CREATE in schema ' || n.nspname from pg_catalog.pg_namespace n
    where n.nspname !~ '^pg_' and exists (select 1 from roles r where pg_catalog.has_schema_privilege(r.oid, n.oid, 'CREATE'))
    union all select 'CREATE in database ' || d.datname from pg_catalog.pg_database d
    where d.datname = pg_catalog.current_database() and exists (select 1 from roles r where pg_catalog.has_database_privilege(r.oid, d.oid, 'CREATE'))
    union all select 'USAGE or UPDATE on sequences in schema ' || n.nspname from pg_catalog.pg_class s
    join pg_catalog.pg_namespace n on n.oid = s.relnamespace where s.relkind = 'S'
    and exists (select 1 from roles r where pg_catalog.has_sequence_privilege(r.oid, s.oid, 'USAGE, UPDATE')) group by n.nspname order by 1";

/// One line for each kind of right beyond reading; empty: none found. A superuser has them all, so that is all that is said.
pub(super) async fn excess(client: &Client, server: &Server) -> Result<Vec<String>, Error> {
    let failed = |e| failure::asking(server, "reading the login's privileges", &e);
    let mut out = Vec::new();
    for row in client.query(ATTRIBUTES, &[]).await.map_err(failed)? {
        let (attributes, role): (Vec<String>, String) = (row.try_get(0).map_err(failed)?, row.try_get(1).map_err(failed)?);
        if attributes.iter().any(|a| a == "is superuser") {
            return Ok(vec![server.clean(&format!("may do everything: the role {role} is superuser"))]);
        }
        out.extend(attributes.iter().map(|a| format!("the role {role} {a}")));
    }
    for row in client.query(RELATIONS, &[]).await.map_err(failed)? {
        let (schema, right): (String, String) = (row.try_get(0).map_err(failed)?, row.try_get(1).map_err(failed)?);
        let (count, first): (i64, String) = (row.try_get(2).map_err(failed)?, row.try_get(3).map_err(failed)?);
        let more = if count > 1 { format!(" and {} more in that schema", count - 1) } else { String::new() };
        out.push(format!("may write: {right} on {schema}.{first}{more}"));
    }
    for row in client.query(OTHERS, &[]).await.map_err(failed)? {
        out.push(format!("may write: {}", row.try_get::<_, String>(0).map_err(failed)?));
    }
    Ok(out.iter().map(|line| server.clean(line)).collect())
}
