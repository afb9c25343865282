//! CloudWatch, read: datapoints of `AWS/DynamoDB` metrics per table and per index.
//!
//! Facts (CloudWatch API reference, `GetMetricData`; DynamoDB "metrics and dimensions"): 500 queries a call; a result may be
//! partial and go on under a token; the `TableName` dimension alone excludes the table's global indexes; DynamoDB emits a
//! throttle metric only for minutes in which there was one.

use super::limit::Api;
use super::{Aws, Error, error::from_sdk};
use aws_sdk_cloudwatch::primitives::DateTime;
use aws_sdk_cloudwatch::types::{Dimension, Metric, MetricDataQuery, MetricStat, ScanBy, StatusCode};
use std::collections::BTreeMap;
use std::time::Duration;

/// `GetMetricData`'s limit.
const QUERIES_PER_CALL: usize = 500;

/// One metric of one table or index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MetricQuery {
    pub metric: &'static str,
    pub table: String,
    pub index: Option<String>,
    /// `Sum` or `Average`.
    pub statistic: &'static str,
}

/// Epoch seconds, whole minutes: `from` inclusive, `to` exclusive; `period` seconds, a multiple of 60.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    pub from: i64,
    pub to: i64,
    pub period: i32,
}

/// How long throttles are outlasted: they slow the answer down, and are none.
const PATIENCE: Duration = Duration::from_mins(5);

/// Epoch seconds of a period's start, to its value. A period without a datapoint is not in it.
pub type Series = BTreeMap<i64, f64>;

impl Aws {
    /// The datapoints of each query, in the queries' order. A result that CloudWatch never completes is an error, not a gap.
    pub async fn metrics(&self, queries: &[MetricQuery], window: Window) -> Result<Vec<Series>, Error> {
        let mut all = Vec::with_capacity(queries.len());
        for batch in queries.chunks(QUERIES_PER_CALL) {
            all.extend(self.metric_batch(batch, window).await?);
        }
        Ok(all)
    }

    async fn metric_batch(&self, queries: &[MetricQuery], window: Window) -> Result<Vec<Series>, Error> {
        let mut series = vec![Series::new(); queries.len()];
        let mut complete = vec![false; queries.len()];
        let (mut token, deadline) = (None, self.deadline(PATIENCE));
        loop {
            let page = || self.metric_page(queries, window, token.clone());
            let answer = self.patiently(Api::Metrics, deadline, page).await?;
            for result in answer.metric_data_results() {
                // A result that nobody asked for is nobody's.
                let at = result.id().and_then(position);
                let Some((series, complete)) = at.and_then(|at| Some((series.get_mut(at)?, complete.get_mut(at)?))) else { continue };
                *complete = result.status_code() == Some(&StatusCode::Complete);
                let times = result.timestamps().iter().map(DateTime::secs);
                series.extend(times.zip(result.values().iter().copied()));
            }
            token = answer.next_token().map(str::to_owned);
            if token.is_none() {
                break;
            }
        }
        match complete.iter().position(|c| !c) {
            Some(at) => Err(incomplete(&queries[at])),
            None => Ok(series),
        }
    }

    async fn metric_page(
        &self,
        queries: &[MetricQuery],
        window: Window,
        token: Option<String>,
    ) -> Result<aws_sdk_cloudwatch::operation::get_metric_data::GetMetricDataOutput, Error> {
        let queries = queries.iter().enumerate().map(|(at, query)| metric_query(at, query, window.period)).collect();
        self.cloudwatch
            .get_metric_data()
            .set_metric_data_queries(Some(queries))
            .start_time(DateTime::from_secs(window.from))
            .end_time(DateTime::from_secs(window.to))
            .scan_by(ScanBy::TimestampAscending)
            .set_next_token(token)
            .send()
            .await
            .map_err(|e| from_sdk("CloudWatch GetMetricData", &e))
    }
}

fn metric_query(at: usize, query: &MetricQuery, period: i32) -> MetricDataQuery {
    let dimension = |name: &str, value: &str| Dimension::builder().name(name).value(value).build();
    let mut metric = Metric::builder().namespace("AWS/DynamoDB").metric_name(query.metric).dimensions(dimension("TableName", &query.table));
    if let Some(index) = &query.index {
        metric = metric.dimensions(dimension("GlobalSecondaryIndexName", index));
    }
    let stat = MetricStat::builder().metric(metric.build()).period(period).stat(query.statistic).build();
    MetricDataQuery::builder().id(format!("q{at}")).metric_stat(stat).return_data(true).build()
}

/// The query that a result's id names.
fn position(id: &str) -> Option<usize> {
    id.strip_prefix('q')?.parse().ok()
}

fn incomplete(query: &MetricQuery) -> Error {
    let subject = query.index.as_ref().map_or_else(|| query.table.clone(), |i| format!("{}/{i}", query.table));
    Error {
        call: format!("CloudWatch GetMetricData {} of {subject}", query.metric),
        code: None,
        message: "the answer never became complete; run `landfall throttling` again in a minute".into(),
        request_id: None,
        throttling_reasons: Vec::new(),
    }
}
