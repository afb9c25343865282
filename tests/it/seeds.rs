//! The seeds are one text for three engines: what one holds after it, the others hold too.

use crate::servers::{Database, ENGINES, Engine, TextRow, python, repository, variable};

/// What differs between engines in how they print, not in what they hold: the cast's name and a query that orders by bytes.
fn rows(database: &Database, relation: &str, columns: &[&str]) -> Vec<TextRow> {
    let cast = |column: &&str| match database.engine() {
        Engine::Mariadb => format!("cast({column} as char)"),
        _ => format!("cast({column} as text)"),
    };
    let list = columns.iter().map(cast).collect::<Vec<_>>().join(", ");
    let mut rows = database.rows(&format!("select {list} from {relation}"));
    rows.sort();
    rows
}

/// Loads `seed` on every engine and asks that `relation` reads alike everywhere.
fn same_everywhere(seed: &str, relations: &[(&str, usize, &[&str])]) {
    let databases = ENGINES.map(|engine| Database::seeded(engine, seed));
    for (relation, count, columns) in relations {
        let [first, others @ ..] = databases.each_ref().map(|database| rows(database, relation, columns));
        assert_eq!(first.len(), *count, "{seed}: {relation}");
        for (other, engine) in others.iter().zip(&ENGINES[1..]) {
            assert!(first == *other, "{seed}: {relation} is not the same on {engine:?}: {:?}", difference(&first, other));
        }
    }
}

fn difference<'a>(one: &'a [TextRow], other: &'a [TextRow]) -> Option<(&'a TextRow, &'a TextRow)> {
    one.iter().zip(other).find(|(a, b)| a != b)
}

#[test]
fn the_users_are_the_same_on_every_engine() {
    let columns = ["user_id", "username", "email", "registration_date", "last_login", "profile_data"];
    same_everywhere("users", &[("users", 3, &columns)]);
}

#[test]
fn the_vehicle_sales_are_the_same_on_every_engine() {
    same_everywhere(
        "vehicle-sales",
        &[
            ("Customers", 10, &["cust_id", "name", "email", "phone", "region", "state", "credit_rating", "last_updated"]),
            ("Products", 14, &["prod_id", "name", "category", "list_price", "last_updated"]),
            ("Reps", 6, &["rep_id", "rep_name", "last_updated"]),
            ("Orders", 10, &["ord_id", "cust_id", "rep_id", "ord_date", "ship_date", "last_updated"]),
            ("OrderLines", 20, &["ord_id", "ord_line_id", "prod_id", "qty", "item_price", "last_updated"]),
        ],
    );
}

#[test]
fn the_films_are_the_same_on_every_engine() {
    // Engines print a float each in its own way ("6", "6.0"): the tenths are what the rows hold.
    let tenths = "cast(round(\"averageRating\" * 10) as integer)";
    let akas = ["\"titleId\"", "ordering", "title", "region", "language", "types", "attributes", "\"isOriginalTitle\""];
    let people = ["nconst", "\"primaryName\"", "\"birthYear\"", "\"deathYear\"", "\"primaryProfession\"", "\"knownForTitles\""];
    let movies = [
        "tconst",
        "ordering",
        "nconst",
        "category",
        "job",
        "characters",
        "\"primaryTitle\"",
        "\"startYear\"",
        "\"primaryName\"",
        "directors",
    ];
    same_everywhere(
        "imdb",
        &[
            ("title_akas", COUNTS.0, &akas),
            ("name_basics", COUNTS.1, &people),
            ("title_ratings", COUNTS.2, &["tconst", tenths, "\"numVotes\""]),
            ("movies", COUNTS.3, &movies),
        ],
    );
}

/// Rows of `title_akas`, `name_basics`, `title_ratings`, `movies`.
const COUNTS: (usize, usize, usize, usize) = (5128, 2150, 1776, 5800);

/// A check that two engines agree is worth something only when it can say no.
#[test]
fn a_row_that_differs_on_one_engine_is_seen() {
    let [one, other] = [Engine::Sqlite, Engine::Postgres].map(|engine| Database::seeded(engine, "users"));
    other.run("update users set email = 'Bob@example.com' where user_id = 102");
    let columns = ["user_id", "email"];
    assert_ne!(rows(&one, "users", &columns), rows(&other, "users", &columns));
}

#[test]
fn a_phone_is_unknown_for_two_customers_and_empty_for_four_on_every_engine() {
    for engine in ENGINES {
        let database = Database::seeded(engine, "vehicle-sales");
        let phones: Vec<_> = rows(&database, "Customers", &["phone"]).into_iter().flatten().collect();
        assert_eq!(phones.iter().filter(|phone| phone.is_none()).count(), 2, "{engine:?}");
        assert_eq!(phones.iter().filter(|phone| phone.as_deref() == Some("")).count(), 4, "{engine:?}");
    }
}

#[test]
fn a_date_and_time_of_the_seeds_has_no_zone_on_mariadb() {
    let database = Database::seeded(Engine::Mariadb, "vehicle-sales");
    let types = database
        .rows("select distinct data_type from information_schema.columns where table_schema = database() and column_name = 'last_updated'");
    assert_eq!(types, [[Some("datetime".to_owned())]]);
}

#[test]
fn the_film_seed_is_what_its_script_writes() {
    let script = repository("scripts/imdb-seed");
    let answer = std::process::Command::new(python()).arg(script).arg("--check").output().expect("the script runs");
    assert!(answer.status.success(), "{}", String::from_utf8_lossy(&answer.stderr));
}

#[test]
fn a_database_is_gone_when_its_test_ends() {
    for (engine, count) in [
        (Engine::Mariadb, "select cast(count(*) as char) from information_schema.schemata where schema_name = "),
        (Engine::Postgres, "select cast(count(*) as text) from pg_database where datname = "),
    ] {
        let watcher = Database::new(engine);
        let database = Database::new(engine);
        let name = database.url().rsplit('/').next().expect("a name").to_owned();
        let found = || watcher.rows(&format!("{count}'{name}'"));
        assert_eq!(found(), [[Some("1".to_owned())]], "{engine:?}");
        drop(database);
        assert_eq!(found(), [[Some("0".to_owned())]], "{engine:?}");
    }
}

#[test]
#[should_panic(expected = "run scripts/test")]
fn a_missing_server_says_how_to_run_the_tests() {
    variable("LANDFALL_TEST_NO_SUCH_SERVER");
}
