//! Samples, and more rows than one page, one chunk or one batch.

use super::field::{Field, SHOP, checks, green, n, s, shop_rows};
use landfall::report::model::{CheckKind, Verdict};
use landfall::validate;

fn sampled(n: u64) -> validate::Options {
    validate::Options { full: false, sample: Some(n), ..validate::Options::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_small_sample_of_much_is_inconclusive_and_a_whole_one_is_not() {
    let field = Field::with_tables(SHOP, &shop_rows(1500)).await;
    field.load().await;
    let whole = field.validate().await;
    assert!(green(&whole), "{:#?}", whole.checks);
    let report = field.validate_with(&sampled(200)).await;
    for check in checks(&report, "Products", CheckKind::Sample) {
        assert_eq!(check.verdict, Verdict::Inconclusive, "{}", check.note);
        assert!(check.bound.is_some_and(|bound| bound > 0.001 && bound < 0.1));
    }
    let report = field.validate_with(&sampled(100_000)).await;
    assert!(green(&report), "{:#?}", report.checks);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sample_finds_what_chance_and_the_edges_bring() {
    let field = Field::with_tables(SHOP, &shop_rows(300)).await;
    field.load().await;
    for id in 1..=150 {
        field.set_product(id * 2, "name", s("wrong")).await;
    }
    for id in 1001..1200 {
        field.put("Products", &[("id", n(id)), ("name", s("stranger"))]).await;
    }
    let report = field.validate_with(&sampled(60)).await;
    let both = checks(&report, "Products", CheckKind::Sample);
    assert_eq!(both.iter().map(|c| c.verdict).collect::<Vec<_>>(), [Verdict::Mismatch, Verdict::Mismatch]);
    assert!(both[0].different > 5 && both[1].unexpected > 5, "{both:?}");
    assert!(checks(&report, "Shop", CheckKind::Sample).iter().all(|c| c.different + c.missing + c.unexpected == 0));
}
