//! The catalogue of faults: each planted one is found, as what it is and where it is; equal sides give no report.

use super::field::{Field, SHOP, checks, green, n, s, shop_rows};
use aws_sdk_dynamodb::types::AttributeValue;
use landfall::report::model::{CheckKind, Mismatch, MismatchKind, ValidateReport, Verdict};
use landfall::safe::Masker;
use landfall::validate;

async fn loaded(customers: u32) -> Field {
    let field = Field::with_tables(SHOP, &shop_rows(customers)).await;
    field.load().await;
    field
}

/// The one mismatch, with its attributes' names.
fn one(report: &ValidateReport) -> (&Mismatch, Vec<&str>) {
    assert_eq!(report.mismatches_total, 1, "{:#?}", report.checks);
    let mismatch = &report.mismatches[0];
    (mismatch, mismatch.attributes.iter().map(|a| a.name.as_str()).collect())
}

fn full<'a>(report: &'a ValidateReport, table: &str) -> &'a landfall::report::model::Check {
    checks(report, table, CheckKind::Full)[0]
}

#[tokio::test(flavor = "multi_thread")]
async fn equal_sides_give_no_report_and_every_plant_is_noticed() {
    let field = loaded(50).await;
    let report = field.validate().await;
    assert!(green(&report), "{:#?}", report.checks);
    assert_eq!((report.prove.planted, report.prove.found), (6, 6));
    assert!(report.read_units > 0.0);
    let count =
        |subject: &str| checks(&report, "Shop", CheckKind::Count).iter().find(|c| c.subject == subject).map(|c| (c.expected, c.found));
    assert_eq!((count(""), count("entity customer"), count("entity order")), (Some((150, 150)), Some((50, 50)), Some((100, 100))));
    let index = checks(&report, "Products", CheckKind::Index)[0];
    assert_eq!((index.expected, index.found, index.compared), (34, 34, 34), "items without a maker are not in it");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_attribute_is_found_with_both_values() {
    let field = loaded(20).await;
    field.set_product(7, "name", s("thing VII")).await;
    let report = field.validate().await;
    let (mismatch, names) = one(&report);
    assert_eq!((mismatch.kind, names), (MismatchKind::Different, vec!["name"]));
    assert_eq!((mismatch.attributes[0].expected.as_str(), mismatch.attributes[0].found.as_str()), ("S thing 7", "S thing VII"));
    assert_eq!((mismatch.key.as_str(), mismatch.row.as_deref()), ("id=7", Some("products where id = 7")));
    assert_eq!(full(&report, "Products").verdict, Verdict::Mismatch);
    assert_eq!(full(&report, "Shop").verdict, Verdict::Match);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_that_became_a_text_is_found() {
    let field = loaded(20).await;
    field.set_product(7, "price", s("7.1")).await;
    let report = field.validate().await;
    assert_eq!(one(&report).0.attributes[0].found, "S 7.1");
    assert!(full(&report, "Products").note.contains("price is S instead of N"), "{}", full(&report, "Products").note);
}

#[tokio::test(flavor = "multi_thread")]
async fn small_faults_are_faults() {
    let field = loaded(20).await;
    let cases = [
        ("name", s("thing 7 ")),
        ("name", s("Thing 7")),
        ("price", AttributeValue::N("7.11".into())),
        ("note", AttributeValue::Null(true)),
        ("extra", s("")),
        ("facts", AttributeValue::M([("a".to_owned(), s("{}"))].into())),
        ("name", s("thing\u{a0}7")),
    ];
    for (name, value) in cases {
        field.set_product(7, name, value.clone()).await;
        let report = field.validate().await;
        assert!(report.mismatches_total >= 1 && full(&report, "Products").verdict == Verdict::Mismatch, "{name} = {value:?}");
        field.load().await;
        let again = field.validate().await;
        assert!(green(&again), "a load over it repairs {name}: {:#?}", again.checks);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_edit_on_an_even_number_of_items_is_found_on_each() {
    let field = loaded(20).await;
    for id in [2, 4, 6, 8] {
        field.set_product(id, "name", s("same")).await;
    }
    let report = field.validate().await;
    assert_eq!((report.mismatches_total, full(&report, "Products").different), (4, 4));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_items_that_swapped_their_values_are_both_found() {
    let field = loaded(20).await;
    field.set_product(2, "name", s("thing 5")).await;
    field.set_product(5, "name", s("thing 2")).await;
    assert_eq!(field.validate().await.mismatches_total, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_item_and_an_extra_one_do_not_make_up_for_each_other() {
    let field = loaded(20).await;
    field.delete_product(7).await;
    field.put("Products", &[("id", n(900)), ("name", s("thing 900"))]).await;
    let report = field.validate().await;
    let check = full(&report, "Products");
    assert_eq!((check.expected, check.found, check.missing, check.unexpected), (20, 20, 1, 1));
    let kinds: Vec<MismatchKind> = report.mismatches.iter().map(|m| m.kind).collect();
    assert_eq!(kinds, [MismatchKind::Missing, MismatchKind::Unexpected]);
    assert_eq!(report.mismatches[0].row.as_deref(), Some("products where id = 7"));
    assert_eq!(report.mismatches[1].row.as_deref(), Some("products where id = 900, which does not exist"));
    let index = checks(&report, "Products", CheckKind::Index)[0];
    assert_eq!((index.verdict, index.missing), (Verdict::Mismatch, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_child_row_that_changed_is_found_inside_its_parent() {
    let field = loaded(20).await;
    field.sql("update order_lines set qty = 99 where ord_id = 10 and line_no = 2");
    let report = field.validate().await;
    let (mismatch, names) = one(&report);
    assert_eq!((names, mismatch.entity.as_deref()), (vec!["lines[1].qty"], Some("order")));
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_make_one_key_are_a_lost_row_although_the_table_agrees_with_one_of_them() {
    let field = loaded(5).await;
    let text = SHOP.replace("from = \"products\"", "query = \"select * from products union all select id, 'twin', maker, price, facts from products where id = 3\"\nkey = [\"id\", \"name\"]\nentity = \"products\"");
    let field = field.under(&text);
    let report = field.validate().await;
    assert_eq!(full(&report, "Products").verdict, Verdict::Mismatch);
    assert!(full(&report, "Products").note.contains("another row makes the same key"), "{}", full(&report, "Products").note);
    assert_eq!(checks(&report, "Products", CheckKind::Count)[0].verdict, Verdict::Mismatch);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_against_nothing_is_inconclusive() {
    let field = Field::with_tables(SHOP, &shop_rows(0)).await;
    let report = field.validate().await;
    assert!(!report.checks.is_empty() && report.checks.iter().all(|c| c.verdict == Verdict::Inconclusive), "{:#?}", report.checks);
    let counted = field.validate_with(&validate::Options { full: false, sample: Some(10), ..validate::Options::default() }).await;
    assert!(!counted.checks.is_empty() && counted.checks.iter().all(|c| c.verdict == Verdict::Inconclusive), "{:#?}", counted.checks);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_that_does_not_exist_is_a_no() {
    let field = Field::new(SHOP, &shop_rows(3)).await;
    let report = field.validate().await;
    assert!(report.checks.iter().all(|c| c.verdict == Verdict::Mismatch && c.note.contains("does not exist")));
    assert_eq!(report.checks.len(), 2);
}

/// Two indexes, of which the table has one, and a pattern on each, on the table, and on a table that is not there.
fn with_an_index_too_many() -> String {
    let index = "[table.Products.index.ByName]\nkey = [\"name:S\"]\n[[table.Products.rows]]";
    let gone = "[table.Gone]\nkey = [\"id:N\"]\n[[table.Gone.rows]]\nfrom = \"products\"\nitem = { id = \"{id}\" }\n";
    let pattern = |name: &str, table: &str, index: &str, key: &str| {
        let query = format!("{{ table = \"{table}\"{index}, key = {{ {key} = \":{key}\" }}, returns = [\"id\"] }}");
        format!(
            "[[access]]\nname = \"{name}\"\nsql = \"select id from products where {key} = :{key}\"\nquery = {query}\n\
             params_from = \"select {key} from products\"\n"
        )
    };
    let patterns = [
        pattern("by maker", "Products", ", index = \"ByMaker\"", "maker"),
        pattern("by name", "Products", ", index = \"ByName\"", "name"),
        pattern("by id", "Products", "", "id"),
        pattern("of nothing", "Gone", "", "id"),
    ];
    SHOP.replacen("[[table.Products.rows]]", index, 1) + gone + &patterns.concat()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_index_that_does_not_exist_is_a_no_beside_everything_that_is_there() {
    let field = loaded(20).await.under(&with_an_index_too_many());
    let report = field.validate().await;
    let told = |kind, subject: &str, verdict| {
        let of = report.checks.iter().find(|c| c.kind == kind && c.subject == subject && c.verdict == verdict);
        of.unwrap_or_else(|| panic!("no {kind:?} {subject:?} {verdict:?} in {:#?}", report.checks)).note.clone()
    };
    assert_eq!(told(CheckKind::Index, "index ByName", Verdict::Mismatch), "index ByName does not exist: run `landfall apply`");
    assert!(told(CheckKind::Access, "by name", Verdict::Mismatch).contains("index ByName does not exist"));
    assert!(told(CheckKind::Access, "of nothing", Verdict::Mismatch).contains("the table does not exist"));
    told(CheckKind::Index, "index ByMaker", Verdict::Match);
    told(CheckKind::Access, "by maker", Verdict::Match);
    told(CheckKind::Access, "by id", Verdict::Match);
    assert_eq!((full(&report, "Products").verdict, full(&report, "Shop").verdict), (Verdict::Match, Verdict::Match));
    assert_eq!(checks(&report, "Products", CheckKind::Index).len(), 2, "each index once");
    let none = validate::Options { full: false, access: false, ..validate::Options::default() };
    for lesser in [none.clone(), validate::Options { sample: Some(5), ..none }] {
        let report = field.validate_with(&lesser).await;
        let index = checks(&report, "Products", CheckKind::Index);
        assert!(index.len() == 1 && index[0].verdict == Verdict::Mismatch, "{index:#?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_that_nothing_says_the_contents_of_is_no_part_of_a_pass() {
    let field = loaded(5).await.under(&format!("{SHOP}[table.Bare]\nkey = [\"id:S\"]\nprotect = false\n"));
    let counts = validate::Options { full: false, ..validate::Options::default() };
    let bare = |report: &ValidateReport| {
        let of = checks(report, "Bare", CheckKind::Count);
        let rest = report.checks.iter().filter(|c| c.table != "Bare").all(|c| c.verdict == Verdict::Match);
        (of.len(), of[0].verdict, of[0].note.clone(), rest)
    };
    for options in [validate::Options::default(), counts.clone()] {
        let absent = bare(&field.validate_with(&options).await);
        assert_eq!(absent, (1, Verdict::Mismatch, "the table does not exist: run `landfall apply`".to_owned(), true));
    }
    field.create("Bare").await;
    for options in [validate::Options::default(), counts] {
        let (checks, verdict, note, rest) = bare(&field.validate_with(&options).await);
        assert_eq!((checks, verdict, rest), (1, Verdict::Inconclusive, true));
        assert!(note.contains("nothing was compared"), "{note}");
    }
    let named = validate::Options { tables: Some(["Shop".to_owned()].into()), ..validate::Options::default() };
    assert!(green(&field.validate_with(&named).await), "the others were asked for");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_value_is_shown_unless_asked_for() {
    let field = loaded(20).await;
    field.set_product(7, "name", s("sesame")).await;
    field.put("Products", &[("id", n(90210)), ("name", s("sesame"))]).await;
    let masked = validate::Options { masker: Masker::new(false, 9), sample: Some(100), ..validate::Options::default() };
    let text = format!("{:?}", field.validate_with(&masked).await);
    assert!(!text.contains("sesame") && !text.contains("thing 7") && !text.contains("90210"), "{text}");
    let shown = validate::Options { masker: Masker::new(true, 9), ..masked };
    assert!(format!("{:?}", field.validate_with(&shown).await).contains("sesame"));
}

#[tokio::test(flavor = "multi_thread")]
async fn mismatches_over_the_list_are_still_counted() {
    let field = loaded(60).await;
    for id in 1..=30 {
        field.set_product(id, "name", s("x")).await;
    }
    let report = field.validate_with(&validate::Options { max_listed: 4, ..validate::Options::default() }).await;
    assert_eq!((report.mismatches.len(), report.mismatches_total), (4, 30));
    assert!(full(&report, "Products").note.contains("30 items: name has another value"));
}

#[tokio::test(flavor = "multi_thread")]
async fn counts_alone_are_exact_by_entity_and_find_a_gap() {
    let field = loaded(20).await;
    let only = validate::Options { full: false, ..validate::Options::default() };
    let counted = field.validate_with(&only).await;
    assert!(green(&counted) && counted.notes.len() == 1 && counted.notes[0].starts_with("counts only: no record compared"), "{counted:#?}");
    for more in [validate::Options::default(), validate::Options { sample: Some(5), ..only.clone() }] {
        assert!(field.validate_with(&more).await.notes.is_empty());
    }
    field.sql("insert into customers values (500, 'new', null, '2023-01-15')");
    let report = field.validate_with(&only).await;
    let of = |subject: &str| checks(&report, "Shop", CheckKind::Count).into_iter().find(|c| c.subject == subject).expect("there").verdict;
    assert_eq!((of(""), of("entity customer"), of("entity order")), (Verdict::Mismatch, Verdict::Mismatch, Verdict::Match));
    field.put("Shop", &[("PK", s("X")), ("SK", s("Y"))]).await;
    let report = field.validate_with(&only).await;
    let whole = checks(&report, "Shop", CheckKind::Count)[0];
    assert_eq!(
        (whole.expected, whole.found, whole.verdict),
        (61, 61, Verdict::Mismatch),
        "equal numbers, and one item that no mapping makes"
    );
}
