//! KMS as far as a provisioner asks it: which key is meant by an id, an ARN or an alias, whose it is, and whether it can be used.
//!
//! Rules: `alias/aws/dynamodb` is AWS's and is made when it is first asked for; a key is found under its id, its ARN, its aliases and
//! their ARNs, in its own region only; nothing is encrypted here. Called by the server, and by DynamoDB for `SSESpecification`.

mod key;

use super::Error;
use super::dynamodb::extras;
use super::fault::Fault;
use super::moment::Time;
use super::store::{self, Store};
use key::Key;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

/// The alias of the account's key for DynamoDB, which AWS makes and manages.
const MANAGED: &str = "alias/aws/dynamodb";

/// The keys of the account.
pub(crate) struct Keyring {
    account: String,
    time: Time,
    path: Option<PathBuf>,
    regions: Mutex<BTreeMap<String, Keys>>,
}

/// The keys of a region.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Keys {
    /// By id.
    keys: BTreeMap<String, Key>,
    /// Alias to id.
    aliases: BTreeMap<String, String>,
}

impl Keyring {
    /// Opens what the store holds.
    pub(crate) fn open(account: &str, time: &Time, store: &Store) -> Result<Self, Error> {
        let path = store.keeps().then(|| store.dir().join("kms.json"));
        let regions = path.as_deref().map(store::load).transpose()?.flatten().unwrap_or_default();
        Ok(Self { account: account.to_owned(), time: time.clone(), path, regions: Mutex::new(regions) })
    }

    /// Answers one call.
    pub(crate) fn answer(&self, region: &str, operation: &str, request: &Value) -> Result<Value, Fault> {
        let key = || text(request, "KeyId");
        match operation {
            "DescribeKey" => Ok(json!({ "KeyMetadata": self.find(region, key()?)?.told(&self.arn(region, "")) })),
            "CreateKey" => self.create(region, request),
            "CreateAlias" => self.alias(region, text(request, "AliasName")?, text(request, "TargetKeyId")?),
            "ListAliases" => Ok(self.list(region)),
            "DisableKey" => self.set(region, key()?, "Disabled"),
            "EnableKey" => self.set(region, key()?, "Enabled"),
            "ScheduleKeyDeletion" => self.set(region, key()?, "PendingDeletion"),
            other => {
                let why = format!("the embedded AWS's KMS does not answer {}", crate::safe::text(other));
                Err(Fault::new("UnknownOperationException", why))
            }
        }
    }

    /// The ARN of the account's AWS-managed key for DynamoDB.
    pub(crate) fn managed(&self, region: &str) -> Result<String, Fault> {
        self.find(region, MANAGED).map(|key| self.arn(region, &key.id))
    }

    /// The ARN of a key that DynamoDB can encrypt with, in DynamoDB's words where it cannot (one lab, word for word): KMS's own refusal
    /// as DynamoDB's client of it prints it.
    pub(crate) fn usable(&self, region: &str, named: &str) -> Result<String, Fault> {
        let refused = |what: &str, code: &str, why: &str| {
            let id = format!("{:08x}-{:04x}-4000-8000-{:012x}", fastrand::u32(..), fastrand::u16(..), fastrand::u64(..) >> 16);
            let client = format!("(Service: AWSKMS; Status Code: 400; Error Code: {code}; Request ID: {id}; Proxy: null)");
            Fault::invalid(format!("{what}: com.amazonaws.services.kms.model.{code}: {why} {client}"))
        };
        let key = self.find(region, named).map_err(|absent| refused("KMS validation error", "NotFoundException", &absent.message))?;
        let arn = self.arn(region, &key.id);
        match key.state.as_str() {
            "Enabled" => Ok(arn),
            "Disabled" => Err(refused("KMS key disabled error", "DisabledException", &format!("{arn} is disabled."))),
            _ => Err(refused("KMS validation error", "KMSInvalidStateException", &format!("{arn} is pending deletion."))),
        }
    }

    fn find(&self, region: &str, named: &str) -> Result<Key, Fault> {
        let rest = named.strip_prefix(&format!("arn:aws:kms:{region}:{}:", self.account));
        let name = rest.map_or(named, |rest| rest.strip_prefix("key/").unwrap_or(rest));
        let absent = || {
            let full = |kind: &str| format!("arn:aws:kms:{region}:{}:{kind}{}", self.account, crate::safe::text(name));
            Fault::new(
                "NotFoundException",
                match (name.starts_with("arn:"), name.starts_with("alias/")) {
                    // Said of another region's key; that of another account is not to be seen at all, and reads so here too.
                    (true, _) => format!("Invalid arn {}", crate::safe::text(name.split(':').nth(3).unwrap_or_default())),
                    (_, true) => format!("Alias {} is not found.", full("")),
                    (_, false) => format!("Key '{}' does not exist", full("key/")),
                },
            )
        };
        if name == MANAGED {
            return self.change(region, |keys| Ok(keys.managed(region, &self.time)));
        }
        let regions = self.regions.lock().unwrap_or_else(PoisonError::into_inner);
        let keys = regions.get(region).ok_or_else(absent)?;
        let id = keys.aliases.get(name).map_or(name, String::as_str);
        keys.keys.get(id).cloned().ok_or_else(absent)
    }

    fn create(&self, region: &str, request: &Value) -> Result<Value, Fault> {
        extras::only(&extras::object(request.clone())?, &["Description"], "CreateKey")?;
        let description = request.get("Description").and_then(Value::as_str).unwrap_or_default().to_owned();
        let key = self.change(region, |keys| {
            let id = key::id(&format!("{region}/{}/{}", keys.keys.len(), self.account));
            let key = Key { id: id.clone(), manager: "CUSTOMER".into(), state: "Enabled".into(), description, created: self.time.now() };
            keys.keys.insert(id, key.clone());
            Ok(key)
        })?;
        Ok(json!({ "KeyMetadata": key.told(&self.arn(region, "")) }))
    }

    fn alias(&self, region: &str, alias: &str, target: &str) -> Result<Value, Fault> {
        let id = self.find(region, target)?.id;
        let name = alias.strip_prefix("alias/").filter(|n| !n.is_empty() && !n.starts_with("aws/"));
        if name.is_none() {
            return Err(Fault::invalid("Alias must start with the prefix \"alias/\", and not with \"alias/aws/\""));
        }
        self.change(region, |keys| {
            if keys.aliases.contains_key(alias) {
                let why = format!("An alias with the name {} already exists", crate::safe::text(alias));
                return Err(Fault::new("AlreadyExistsException", why));
            }
            keys.aliases.insert(alias.to_owned(), id);
            Ok(json!({}))
        })
    }

    fn list(&self, region: &str) -> Value {
        let regions = self.regions.lock().unwrap_or_else(PoisonError::into_inner);
        let arn = |alias: &str| format!("arn:aws:kms:{region}:{}:{alias}", self.account);
        let aliases = regions.get(region).into_iter().flat_map(|keys| &keys.aliases);
        let aliases: Vec<Value> =
            aliases.map(|(alias, id)| json!({ "AliasName": alias, "AliasArn": arn(alias), "TargetKeyId": id })).collect();
        json!({ "Aliases": aliases, "Truncated": false })
    }

    fn set(&self, region: &str, named: &str, state: &str) -> Result<Value, Fault> {
        let id = self.find(region, named)?.id;
        self.change(region, |keys| {
            if let Some(key) = keys.keys.get_mut(&id) {
                state.clone_into(&mut key.state);
            }
            Ok(json!({ "KeyId": self.arn(region, &id), "KeyState": state }))
        })
    }

    /// The key's ARN; for an empty id what comes before it.
    fn arn(&self, region: &str, id: &str) -> String {
        format!("arn:aws:kms:{region}:{}:key/{id}", self.account)
    }

    /// Changes a region's keys: kept on disk before anybody sees them, or not at all.
    fn change<T>(&self, region: &str, change: impl FnOnce(&mut Keys) -> Result<T, Fault>) -> Result<T, Fault> {
        let mut regions = self.regions.lock().unwrap_or_else(PoisonError::into_inner);
        let mut next = regions.clone();
        let out = change(next.entry(region.to_owned()).or_default())?;
        if let Some(path) = &self.path {
            store::save(path, &next)?;
        }
        *regions = next;
        Ok(out)
    }
}

impl Keys {
    /// AWS's own key for DynamoDB, made when it is first asked for.
    fn managed(&mut self, region: &str, time: &Time) -> Key {
        let id = self.aliases.entry(MANAGED.to_owned()).or_insert_with(|| key::id(&format!("{region} aws/dynamodb"))).clone();
        let description = "Default key that protects my DynamoDB data when no other key is defined";
        let make =
            || Key { id: id.clone(), manager: "AWS".into(), state: "Enabled".into(), description: description.into(), created: time.now() };
        self.keys.entry(id.clone()).or_insert_with(make).clone()
    }
}

fn text<'a>(request: &'a Value, name: &str) -> Result<&'a str, Fault> {
    request.get(name).and_then(Value::as_str).ok_or_else(|| {
        Fault::invalid(format!("1 validation error detected: Value null at '{name}' failed to satisfy constraint: Member must not be null"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;
    use std::time::Duration;

    fn keyring() -> Keyring {
        let time = Time { clock: Clock::manual(1_000), lag: Duration::ZERO };
        let store = Store::open(None).expect("a directory");
        Keyring::open("123456789012", &time, &store).expect("opens")
    }

    fn described(keys: &Keyring, named: &str) -> Result<(String, String), String> {
        let answer = keys.answer("eu-west-1", "DescribeKey", &json!({ "KeyId": named })).map_err(|f| f.code)?;
        let member = |name: &str| answer["KeyMetadata"][name].as_str().unwrap_or_default().to_owned();
        Ok((member("Arn"), member("KeyManager")))
    }

    #[test]
    fn one_key_answers_to_all_its_names_in_its_region() {
        let keys = keyring();
        let made = keys.answer("eu-west-1", "CreateKey", &json!({})).expect("made");
        let (id, arn) = (made["KeyMetadata"]["KeyId"].as_str().expect("an id"), made["KeyMetadata"]["Arn"].as_str().expect("an ARN"));
        keys.answer("eu-west-1", "CreateAlias", &json!({ "AliasName": "alias/mine", "TargetKeyId": id })).expect("named");
        for name in [id, arn, "alias/mine", "arn:aws:kms:eu-west-1:123456789012:alias/mine"] {
            assert_eq!(described(&keys, name), Ok((arn.to_owned(), "CUSTOMER".to_owned())), "{name}");
            assert_eq!(keys.usable("eu-west-1", name), Ok(arn.to_owned()));
        }
        assert_eq!(described(&keys, "alias/other"), Err("NotFoundException".into()));
        assert!(keys.usable("us-east-1", arn).is_err(), "another region");
        let again = keys.answer("eu-west-1", "CreateAlias", &json!({ "AliasName": "alias/mine", "TargetKeyId": id }));
        assert_eq!(again.map_err(|f| f.code), Err("AlreadyExistsException".into()));
    }

    #[test]
    fn the_key_of_dynamodb_is_aws_own_and_always_the_same() {
        let keys = keyring();
        let (arn, manager) = described(&keys, MANAGED).expect("made on the way");
        assert_eq!(manager, "AWS");
        assert_eq!(keys.managed("eu-west-1"), Ok(arn.clone()));
        assert_eq!(described(&keys, &arn).map(|k| k.0), Ok(arn));
    }

    #[test]
    fn a_key_that_is_switched_off_is_described_and_cannot_be_used() {
        let keys = keyring();
        let made = keys.answer("eu-west-1", "CreateKey", &json!({})).expect("made");
        let id = made["KeyMetadata"]["KeyId"].as_str().expect("an id");
        keys.answer("eu-west-1", "DisableKey", &json!({ "KeyId": id })).expect("off");
        assert!(described(&keys, id).is_ok());
        let refusal = |named: &str| keys.usable("eu-west-1", named).map_err(|f| f.message).expect_err("refused");
        let words = refusal(id);
        assert!(words.starts_with("KMS key disabled error: com.amazonaws.services.kms.model.DisabledException: arn:aws:kms:eu-west-1:"));
        assert!(
            words.contains(&format!("{id} is disabled. (Service: AWSKMS; Status Code: 400; Error Code: DisabledException;")),
            "{words}"
        );
        assert!(refusal("alias/no").contains("Alias arn:aws:kms:eu-west-1:123456789012:alias/no is not found. (Service: AWSKMS;"));
        assert!(refusal("no").contains("NotFoundException: Key 'arn:aws:kms:eu-west-1:123456789012:key/no' does not exist (Service"));
        assert!(refusal("arn:aws:kms:us-east-1:123456789012:key/x").contains("NotFoundException: Invalid arn us-east-1 (Service"));
        keys.answer("eu-west-1", "ScheduleKeyDeletion", &json!({ "KeyId": id })).expect("going");
        assert!(refusal(id).contains("KMS validation error: com.amazonaws.services.kms.model.KMSInvalidStateException: arn"));
        keys.answer("eu-west-1", "EnableKey", &json!({ "KeyId": id })).expect("on");
        assert!(keys.usable("eu-west-1", id).is_ok());
    }

    #[test]
    fn an_alias_has_awss_prefix_and_not_awss_own_and_a_key_nothing_that_is_not_honoured() {
        let keys = keyring();
        let made = keys.answer("eu-west-1", "CreateKey", &json!({ "Description": "mine" })).expect("made");
        let id = &made["KeyMetadata"]["KeyId"];
        let named = |alias: &str| {
            let answer = keys.answer("eu-west-1", "CreateAlias", &json!({ "AliasName": alias, "TargetKeyId": id }));
            answer.map_or_else(|fault| fault.code, |_| "OK".into())
        };
        for alias in ["mine", "alias/", "alias/aws/mine"] {
            assert_eq!(named(alias), "ValidationException", "{alias}");
        }
        assert_eq!(named("alias/mine"), "OK");
        assert_eq!(keys.list("eu-west-1")["Aliases"].as_array().map(Vec::len), Some(1));
        let refused = keys.answer("eu-west-1", "CreateKey", &json!({ "KeySpec": "RSA_2048" }));
        assert_eq!(refused.map_err(|fault| fault.code), Err("ValidationException".into()));
    }

    #[test]
    fn keys_outlive_a_restart() {
        let dir = tempfile::tempdir().expect("a directory");
        let open = || {
            let time = Time { clock: Clock::manual(1_000), lag: Duration::ZERO };
            let store = Store::open(Some(dir.path())).expect("a directory");
            Keyring::open("123456789012", &time, &store).expect("opens")
        };
        let made = open().answer("eu-west-1", "CreateKey", &json!({})).expect("made");
        let arn = made["KeyMetadata"]["Arn"].as_str().expect("an ARN");
        assert_eq!(described(&open(), arn), Ok((arn.to_owned(), "CUSTOMER".to_owned())));
    }
}
