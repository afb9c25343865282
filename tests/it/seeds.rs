//! The seeds are one text for three engines: what one holds after it, the others hold too.

use crate::servers::{Database, ENGINES, Engine, TextRow, python, repository, variable};

/// The rows of `relation`, sorted here: engines do not agree on the order of text.
fn rows(database: &Database, relation: &str, columns: &[&str]) -> Vec<TextRow> {
    sorted(database.rows(&format!("select {} from {relation}", columns.join(", "))))
}

fn sorted(mut rows: Vec<TextRow>) -> Vec<TextRow> {
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
            ("title_ratings", COUNTS.2, &["tconst", "\"averageRating\"", "\"numVotes\""]),
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

/// The access patterns of the stacks ask in SQL: the same text, and the same answer, on every engine.
#[test]
fn every_access_pattern_has_one_answer_on_every_engine() {
    for stack in ["users", "vehicle-sales", "vehicle-sales-single", "imdb"] {
        let text = std::fs::read_to_string(repository(&format!("stacks/{stack}.toml"))).expect("a stack file");
        let stack: toml::Table = text.parse().expect("TOML");
        let seed = stack["source"]["seed"][0].as_str().expect("a seed").trim_start_matches("seed/").trim_end_matches(".sql");
        let databases = ENGINES.map(|engine| Database::seeded(engine, seed));
        for access in stack["access"].as_array().expect("access patterns") {
            assert!(answers(&databases, access) > 0, "no parameter has an answer: {}", access["name"]);
        }
    }
}

/// Asks every engine for a few parameters; gives the number of rows that came back.
fn answers(databases: &[Database; 3], access: &toml::Value) -> usize {
    let [sql, from] = ["sql", "params_from"].map(|name| access[name].as_str().expect("text"));
    let name = from.split_whitespace().nth(1).expect("select COLUMN from …");
    let parameters = sorted(databases[0].rows(from));
    let step = parameters.len() / 5 + 1;
    let asked = |value: &TextRow| {
        let value = value[0].as_deref().expect("a parameter").replace('\'', "''");
        let query = sql.replace(&format!(":{name}"), &format!("'{value}'"));
        let [first, others @ ..] = databases.each_ref().map(|database| sorted(database.rows(&query)));
        assert!(others.iter().all(|other| *other == first), "{query}: {first:?} {others:?}");
        first.len()
    };
    parameters.iter().step_by(step).map(asked).sum()
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
