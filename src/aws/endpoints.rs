//! Where each service is asked, and whether that is AWS itself or a stand-in.
//!
//! Rules: an address under one of AWS's own domains is AWS (an interface endpoint, dual-stack, FIPS, of one account), however it is named;
//! what a customer runs there (an instance, a load balancer, a gateway) is not. One run reaches either AWS or stand-ins: a rehearsal whose
//! bucket or metrics are the real ones is refused before any call.
//! Facts: what environment and profile say of one service goes before what they say of all ("Service-specific endpoints", AWS SDKs and
//! Tools Reference Guide); the domains are those of the SDK's partitions.
//! Called by [`super::Resolved`].

use super::Error;
use aws_config::SdkConfig;
use aws_types::service_config::ServiceConfigKey;

/// What stands for AWS where no address is named.
pub(super) const AWS: &str = "aws";
/// AWS's domains, of every partition.
const DOMAINS: [&str; 14] = [
    "amazonaws.com",
    "api.aws",
    "amazonaws.com.cn",
    "api.amazonwebservices.com.cn",
    "amazonaws.eu",
    "api.amazonwebservices.eu",
    "c2s.ic.gov",
    "api.aws.ic.gov",
    "sc2s.sgov.gov",
    "api.aws.scloud",
    "cloud.adc-e.uk",
    "api.cloud-aws.adc-e.uk",
    "csp.hci.ic.gov",
    "api.aws.hci.ic.gov",
];
/// Parts of a name in these domains behind which a customer's own program answers.
const CUSTOMERS: [&str; 4] = ["compute", "compute-1", "elb", "execute-api"];
/// By the names that the SDK's clients have; the first is the one that a run is told by.
const SERVICES: [&str; 4] = ["DynamoDB", "S3", "CloudWatch", "STS"];
/// They act on `DynamoDB`'s tables: a stand-in that is named for it alone is theirs too.
const BESIDE: [&str; 2] = ["Application Auto Scaling", "KMS"];

/// Whether `endpoint` is AWS: [`AWS`] itself, or an address of AWS's.
pub(super) fn is_aws(endpoint: &str) -> bool {
    let Some(host) = host(endpoint) else { return endpoint == AWS };
    let name = DOMAINS.iter().find_map(|domain| host.strip_suffix(domain)?.strip_suffix('.'));
    name.is_some_and(|name| !name.split('.').any(|part| CUSTOMERS.contains(&part)))
}

fn host(url: &str) -> Option<String> {
    let authority = url.split_once("://")?.1.split(['/', '\\', '?', '#']).next()?;
    let host = authority.rsplit('@').next()?.split(':').next()?;
    Some(host.trim_end_matches('.').to_ascii_lowercase())
}

/// Where the client of `service` will ask: the order of the SDK's clients, which do not tell what they came to.
fn of(config: &SdkConfig, service: &str) -> String {
    let key = || ServiceConfigKey::builder().service_id(service).env("AWS_ENDPOINT_URL").profile("endpoint_url").build().ok();
    let of_service = || config.service_config()?.load_config(key()?);
    // Our own setting goes before both.
    let named = if config.get_origin("endpoint_url").is_client_config() { None } else { of_service() };
    let named = named.or_else(|| config.endpoint_url().map(str::to_owned));
    // An empty one is no address: the client's first call says so.
    named.filter(|url| !url.is_empty()).unwrap_or_else(|| AWS.to_owned())
}

/// The configuration of the services beside `DynamoDB` that act on its tables. A stand-in that is named for `DynamoDB` alone must not
/// make us register its tables with the real Application Auto Scaling: they go to the stand-in too.
pub(super) fn beside(config: &SdkConfig) -> SdkConfig {
    let dynamodb = of(config, "DynamoDB");
    if is_aws(&dynamodb) || config.endpoint_url().is_some() {
        return config.clone();
    }
    config.clone().into_builder().endpoint_url(dynamodb).build()
}

/// Each service, and where it is asked.
#[derive(Debug)]
pub(super) struct Endpoints(Vec<(&'static str, String)>);

impl Endpoints {
    /// As the clients of `config` and of [`beside`] will ask.
    pub(super) fn new(config: &SdkConfig) -> Self {
        let beside = beside(config);
        let main = SERVICES.iter().map(|service| (*service, of(config, service)));
        Self(main.chain(BESIDE.iter().map(|service| (*service, of(&beside, service)))).collect())
    }

    /// `aws`, or the address that `DynamoDB` is asked at; of stand-ins every other one, too.
    pub(super) fn shown(&self) -> String {
        let dynamodb = self.0.first().map_or(AWS, |(_, endpoint)| endpoint);
        let others = self.0.iter().filter(|(_, endpoint)| !is_aws(endpoint) && endpoint != dynamodb);
        others.fold(dynamodb.to_owned(), |shown, (service, endpoint)| format!("{shown}, {service} at {endpoint}"))
    }

    /// Some of them at AWS and some at a stand-in: a refusal.
    pub(super) fn one_world(&self) -> Result<(), Error> {
        let (real, stand_ins): (Vec<_>, Vec<_>) = self.0.iter().partition(|(_, endpoint)| is_aws(endpoint));
        let (Some((service, endpoint)), false) = (stand_ins.first(), real.is_empty()) else { return Ok(()) };
        let real = real.iter().map(|(service, _)| *service).collect::<Vec<_>>().join(", ");
        let message =
            format!("{service} is asked at {}, and this run reaches aws for {real}; no call was made", crate::safe::text(endpoint));
        let (call, code) = ("AWS configuration".into(), Some("MixedEndpoints".into()));
        Err(Error { call, code, message, request_id: None, throttling_reasons: Vec::new() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_types::origin::Origin;
    use aws_types::service_config::LoadServiceConfig;

    /// A profile that names an endpoint for these services.
    #[derive(Debug)]
    struct Of(Vec<(&'static str, &'static str)>);

    impl LoadServiceConfig for Of {
        fn load_config(&self, key: ServiceConfigKey<'_>) -> Option<String> {
            let named = self.0.iter().find(|(service, _)| *service == key.service_id() && key.profile() == "endpoint_url");
            named.map(|(_, url)| (*url).to_owned())
        }
    }

    fn bare() -> SdkConfig {
        SdkConfig::builder().build()
    }

    fn all() -> SdkConfig {
        SdkConfig::builder().endpoint_url("http://all").build()
    }

    fn with(config: SdkConfig, named: &[(&'static str, &'static str)]) -> SdkConfig {
        config.into_builder().service_config(Of(named.to_vec())).build()
    }

    #[test]
    fn the_endpoint_is_the_one_that_the_client_takes() {
        let endpoint = |config: SdkConfig| of(&config, "DynamoDB");
        assert_eq!((endpoint(bare()), endpoint(all())), ("aws".to_owned(), "http://all".to_owned()));
        assert_eq!(endpoint(with(bare(), &[("DynamoDB", "http://one")])), "http://one");
        assert_eq!(endpoint(with(all(), &[("DynamoDB", "http://one")])), "http://one", "what is said of one service goes first");
        assert_eq!(endpoint(with(bare(), &[("S3", "http://one")])), "aws");
        assert_eq!(endpoint(SdkConfig::builder().endpoint_url("").build()), "aws");
        let mut ours = SdkConfig::builder().endpoint_url("http://ours").service_config(Of(vec![("DynamoDB", "http://one")]));
        ours.insert_origin("endpoint_url", Origin::shared_config());
        assert_eq!(endpoint(ours.build()), "http://ours", "the embedded AWS, whatever the profile says");
    }

    #[test]
    fn a_stand_in_named_for_dynamodb_alone_is_the_other_services_too_and_aws_is_no_address() {
        let said = |config: SdkConfig, url| beside(&with(config, &[("DynamoDB", url)])).endpoint_url().map(str::to_owned);
        assert_eq!(beside(&bare()).endpoint_url(), None);
        assert_eq!(said(bare(), "http://one"), Some("http://one".to_owned()));
        assert_eq!(said(all(), "http://one"), Some("http://all".to_owned()));
        assert_eq!(
            said(bare(), "https://vpce-1.dynamodb.us-east-1.vpce.amazonaws.com"),
            None,
            "DynamoDB's own door takes no other service"
        );
    }

    #[test]
    fn an_address_of_awss_is_aws_however_it_is_named_and_nothing_else_is() {
        for aws in [
            "aws",
            "https://dynamodb.us-east-1.amazonaws.com",
            "https://vpce-0a-1b.dynamodb.us-east-1.vpce.amazonaws.com/",
            "https://dynamodb-fips.us-gov-west-1.amazonaws.com:443",
            "https://123456789012.ddb.us-east-1.amazonaws.com",
            "https://Dynamodb.US-EAST-1.API.AWS.",
            "https://dynamodb.cn-north-1.amazonaws.com.cn",
            "https://dynamodb.eusc-de-east-1.amazonaws.eu",
            "https://user@dynamodb.us-iso-east-1.c2s.ic.gov?x",
        ] {
            assert!(is_aws(aws), "{aws}");
        }
        for other in [
            "http://127.0.0.1:8000",
            "http://[::1]:8000",
            "https://amazonaws.com.example.org",
            "https://notamazonaws.com",
            "https://dynamodb.us-east-1.amazonaws.com@localhost/",
            "http://localhost/dynamodb.us-east-1.amazonaws.com",
            "http://ec2-1-2-3-4.compute-1.amazonaws.com:4566",
            "http://ec2-1-2-3-4.eu-west-1.compute.amazonaws.com",
            "https://stand-in-1.us-east-1.elb.amazonaws.com",
            "https://a1.execute-api.us-east-1.amazonaws.com/prod",
            "amazonaws.com",
            "",
        ] {
            assert!(!is_aws(other), "{other}");
        }
    }

    fn told(config: SdkConfig, named: &[(&'static str, &'static str)]) -> Result<String, String> {
        let endpoints = Endpoints::new(&with(config, named));
        endpoints.one_world().map(|()| endpoints.shown()).map_err(|error| error.to_string())
    }

    #[test]
    fn a_run_that_reaches_aws_and_a_stand_in_is_refused_by_name() {
        let one = "http://one";
        let refused = |named| told(bare(), named).expect_err("refused");
        assert_eq!(
            refused(&[("DynamoDB", one)]),
            "AWS configuration: MixedEndpoints: DynamoDB is asked at http://one, and this run reaches aws for S3, CloudWatch, STS; no call was made"
        );
        for service in ["S3", "CloudWatch", "STS", "Application Auto Scaling", "KMS"] {
            let error = told(bare(), &[(service, one)]).expect_err("refused");
            assert!(error.contains(&format!("{service} is asked at http://one, and this run reaches aws for DynamoDB")), "{error}");
        }
        for service in ["DynamoDB", "S3", "CloudWatch", "STS", "Application Auto Scaling", "KMS"] {
            let error = told(all(), &[(service, "https://x.us-east-1.amazonaws.com")]).expect_err("refused");
            assert!(error.contains(&format!("aws for {service}")), "{error}");
        }
    }

    #[test]
    fn one_world_is_told_by_its_addresses() {
        assert_eq!(told(bare(), &[]), Ok("aws".into()));
        assert_eq!(told(all(), &[]), Ok("http://all".into()));
        assert_eq!(told(all(), &[("S3", "http://two"), ("KMS", "http://all")]), Ok("http://all, S3 at http://two".into()));
        let (dynamodb, s3) = ("https://dynamodb.us-east-1.api.aws", "https://bucket.vpce-1.s3.us-east-1.vpce.amazonaws.com");
        assert_eq!(told(bare(), &[("DynamoDB", dynamodb), ("S3", s3)]), Ok(dynamodb.into()));
        assert_eq!(told(bare(), &[("S3", s3)]), Ok("aws".into()));
        let some = [("DynamoDB", "http://one"), ("S3", "http://one"), ("CloudWatch", "http://one"), ("STS", "http://one")];
        assert_eq!(told(bare(), &some), Ok("http://one".into()), "the other two follow DynamoDB");
    }
}
