//! Throughput: what may be written, what it becomes, and what a phase makes of it.

use super::{parse, told, whole};
use crate::resource::{Capacity, Class, Index, Insights, Limits, Maximum, Range, Scaling, Table, Units};
use std::path::Path;

fn table(body: &str, phase: Option<&str>) -> Table {
    let stack = parse(&whole(body), Path::new("/stacks/a.toml"), phase).unwrap_or_else(|found| panic!("{found}"));
    stack.tables["Users"].table.clone()
}

fn units(read: u64, write: u64) -> Units {
    Units { read, write }
}

const EVERYTHING: &str = r#"
        [table.Users]
        key = ["id:S"]
        capacity = { read = 5, write = { min = 5, max = 100, target = 50 } }
        warm = { read = 12000, write = 4000 }
        class = "infrequent-access"
        insights = "throttled"
        [table.Users.index.ByName]
        key = ["name:S"]
        capacity = { read = { min = 2, max = 2 }, write = 6 }
        warm = { read = 2, write = 6 }
        insights = false
"#;

#[test]
fn everything_about_throughput_is_read() {
    let got = table(EVERYTHING, None);
    assert_eq!(
        (got.capacity, got.class, got.insights),
        (Capacity::Provisioned(units(5, 5)), Class::InfrequentAccess, Some(Insights::Throttled))
    );
    let write = Some(Range { min: 5, max: 100, target: Some(50) });
    assert_eq!(got.limits, Limits { warm: Some(units(12000, 4000)), scaling: Scaling { read: None, write }, ..Limits::default() });
    let index = &got.indexes["ByName"];
    let read = Some(Range { min: 2, max: 2, target: Some(70) });
    assert_eq!(index.limits, Limits { warm: Some(units(2, 6)), scaling: Scaling { read, write: None }, ..Limits::default() });
    assert_eq!((index.capacity, index.insights), (Capacity::Provisioned(units(2, 6)), Some(Insights::Off)));
}

#[test]
fn what_is_absent_is_as_aws_has_it() {
    let got = table("[table.Users]\nkey = ['id:S']\n[table.Users.index.ByName]\nkey = ['name:S']", None);
    assert_eq!(got, Table { protect: true, indexes: got.indexes.clone(), ..Table::plain(got.key.clone()) });
    assert_eq!(got.indexes["ByName"], Index::plain(got.indexes["ByName"].key.clone()));
}

#[test]
fn a_maximum_has_one_side_or_two() {
    let got = table("[table.Users]\nkey = ['id:S']\nmaximum = { write = 500 }\ninsights = 'all'", None);
    assert_eq!((got.limits.maximum, got.insights), (Maximum { read: None, write: Some(500) }, Some(Insights::All)));
}

#[test]
fn auto_scaling_that_aws_would_not_take() {
    insta::assert_snapshot!(told(r#"
        [table.Users]
        key = ["id:S"]
        capacity = { read = { min = 0, max = 5 }, write = { min = 5, max = 4, target = 91 } }
        [table.Orders]
        key = ["id:S"]
        capacity = { read = { min = 1, max = 2147483648, target = 19 }, write = { max = 5 } }
        [table.OnDemand]
        key = ["id:S"]
        [table.OnDemand.index.ByName]
        key = ["name:S"]
        capacity = { read = { min = 1, max = 5 }, write = 5 }
    "#), @r#"
    error: `read` has a min of 0: DynamoDB provisions 1 unit or more
     --> stack.toml:7:29
      |
    7 | capacity = { read = { min = 0, max = 5 }, write = { min = 5, max = 4, target = 91 } }
      |                             ^

    error: `write` has a max of 4, which is less than its min of 5
     --> stack.toml:7:68
      |
    7 | capacity = { read = { min = 0, max = 5 }, write = { min = 5, max = 4, target = 91 } }
      |                                                                    ^

    error: `write` has a target of 91: auto scaling takes 20 to 90 percent
     --> stack.toml:7:80
      |
    7 | capacity = { read = { min = 0, max = 5 }, write = { min = 5, max = 4, target = 91 } }
      |                                                                                ^^
      |
      = help: 70 leaves room for a sudden rise, and is what is taken where nothing is written

    error: `read` has a max over 2147483647, the most that auto scaling counts to
      --> stack.toml:10:38
       |
    10 | capacity = { read = { min = 1, max = 2147483648, target = 19 }, write = { max = 5 } }
       |                                      ^^^^^^^^^^

    error: `read` has a target of 19: auto scaling takes 20 to 90 percent
      --> stack.toml:10:59
       |
    10 | capacity = { read = { min = 1, max = 2147483648, target = 19 }, write = { max = 5 } }
       |                                                           ^^
       |
       = help: 70 leaves room for a sudden rise, and is what is taken where nothing is written

    error: `min` is missing in `table.Orders.capacity.write`
      --> stack.toml:10:65
       |
    10 | capacity = { read = { min = 1, max = 2147483648, target = 19 }, write = { max = 5 } }
       |                                                                 ^^^^^
       |
       = help: `min`: The fewest units: 1 or more; the table begins with them.

    error: index `ByName` has units, but its table is on-demand
      --> stack.toml:15:12
       |
    15 | capacity = { read = { min = 1, max = 5 }, write = 5 }
       |            ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
       |
       = help: remove the index's capacity, or give the table units too

    7 errors
    "#);
}

#[test]
#[allow(clippy::too_many_lines, reason = "the expected text is the test")]
fn bounds_that_aws_would_not_take() {
    insta::assert_snapshot!(told(r#"
        [table.Users]
        key = ["id:S"]
        capacity = { read = 5, write = 5 }
        maximum = { read = 10 }
        warm = { read = 4, write = 5 }
        insights = true
        class = "infrequent"
        [table.Users.index.ByName]
        key = ["name:S"]
        capacity = { read = 5, write = { min = 6, max = 9 } }
        warm = { read = 5, write = 5 }
        [table.OnDemand]
        key = ["id:S"]
        maximum = {}
        warm = { read = 0 }
        [table.OnDemand.index.ByName]
        key = ["name:S"]
        maximum = { read = 0 }
        insights = "some"
        [table.OnDemand.local.ByAge]
        key = ["age:N"]
        insights = "all"
    "#), @r#"
    error: table `Users` has units, and a `maximum` is for on-demand only
     --> stack.toml:8:11
      |
    8 | maximum = { read = 10 }
      |           ^^^^^^^^^^^^^
      |
      = help: remove it (units bound throughput already), or make the table on-demand

    error: table `Users` has a warm throughput of 4 read and 5 write units, below its capacity of 5 and 5
     --> stack.toml:9:8
      |
    9 | warm = { read = 4, write = 5 }
      |        ^^^^^^^^^^^^^^^^^^^^^^^
      |
      = help: warm throughput is never less than capacity: raise it, or remove it

    error: `insights` cannot be true
      --> stack.toml:10:12
       |
    10 | insights = true
       |            ^^^^
       |
       = help: write "all" for every key, or "throttled" for those that were throttled

    error: `table.Users.class` cannot be `infrequent`
      --> stack.toml:11:9
       |
    11 | class = "infrequent"
       |         ^^^^^^^^^^^^
       |
       = help: it can be: `standard` and `infrequent-access`

    error: index `ByName` has a warm throughput of 5 read and 5 write units, below its capacity of 5 and 6
      --> stack.toml:15:8
       |
    15 | warm = { read = 5, write = 5 }
       |        ^^^^^^^^^^^^^^^^^^^^^^^
       |
       = help: warm throughput is never less than capacity: raise it, or remove it

    error: `maximum` names neither side
      --> stack.toml:18:11
       |
    18 | maximum = {}
       |           ^^
       |
       = help: write maximum = { read = 1000, write = 500 }, or one of the two

    error: `write` is missing in `table.OnDemand.warm`
      --> stack.toml:19:1
       |
    19 | warm = { read = 0 }
       | ^^^^
       |
       = help: `write`: Write units per second, at least; not below provisioned ones.

    error: `warm.read` is 0: DynamoDB takes 1 or more
      --> stack.toml:19:17
       |
    19 | warm = { read = 0 }
       |                 ^

    error: `maximum.read` is 0: DynamoDB takes 1 or more
      --> stack.toml:22:20
       |
    22 | maximum = { read = 0 }
       |                    ^

    error: `table.OnDemand.index.ByName.insights` cannot be `some`
      --> stack.toml:23:12
       |
    23 | insights = "some"
       |            ^^^^^^
       |
       = help: it can be: `all` and `throttled`

    error: table `OnDemand` has no sort attribute, so it can have no local index
      --> stack.toml:24:23
       |
    24 | [table.OnDemand.local.ByAge]
       |                       ^^^^^
       |
       = help: give the table a sort attribute, or make this a global index

    error: unknown key `insights` in `table.OnDemand.local.ByAge`
      --> stack.toml:26:1
       |
    26 | insights = "all"
       | ^^^^^^^^
       |
       = help: known keys: `key` and `project`

    12 errors
    "#);
}

#[test]
fn names_that_other_tools_use_are_told() {
    insta::assert_snapshot!(told(r#"
        [table.Users]
        key = ["id:S"]
        billing_mode = "PROVISIONED"
        auto_scaling = true
        replicas = ["eu-west-1"]
        [table.Users.index.ByName]
        key = ["name:S"]
        on_demand_throughput = 5
        pitr = true
    "#), @r#"
    error: unknown key `billing_mode` in `table.Users`
     --> stack.toml:7:1
      |
    7 | billing_mode = "PROVISIONED"
      | ^^^^^^^^^^^^
      |
      = help: here it is called `capacity`

    error: unknown key `auto_scaling` in `table.Users`
     --> stack.toml:8:1
      |
    8 | auto_scaling = true
      | ^^^^^^^^^^^^
      |
      = help: here it is called `capacity = { read = { min = 5, max = 100 }, write = { min = 5, max = 100 } }`

    error: `replicas` in `table.Users`: landfall does not manage global tables: a replica is a table in another region, and a stack is pinned to one; what there is of them stays as it is
     --> stack.toml:9:1
      |
    9 | replicas = ["eu-west-1"]
      | ^^^^^^^^
      |
      = help: remove the key; what landfall does not manage, it neither changes nor checks

    error: unknown key `on_demand_throughput` in `table.Users.index.ByName`
      --> stack.toml:12:1
       |
    12 | on_demand_throughput = 5
       | ^^^^^^^^^^^^^^^^^^^^
       |
       = help: here it is called `maximum`

    error: unknown key `pitr` in `table.Users.index.ByName`
      --> stack.toml:13:1
       |
    13 | pitr = true
       | ^^^^
       |
       = help: known keys: `capacity`, `insights`, `key`, `maximum`, `project` and `warm`

    5 errors
    "#);
}

const PHASED: &str = r#"
        [table.Users]
        key = ["id:S"]
        maximum = { read = 1000 }
        [table.Users.index.ByName]
        key = ["name:S"]
        maximum = { read = 100 }
        [phase.load.table.Users]
        maximum = { write = 9000 }
        warm = { read = 20000, write = 10000 }
        class = "infrequent-access"
        index.ByName.warm = { read = 20000, write = 10000 }
        [phase.units.table.Users]
        capacity = { read = { min = 1, max = 10 }, write = 1 }
        index.ByName.capacity = { read = 1, write = { min = 2, max = 20 } }
"#;

#[test]
fn a_phase_changes_bounds_and_ends_those_of_the_other_kind() {
    let steady = table(PHASED, None);
    let load = table(PHASED, Some("load"));
    assert_eq!(load.limits.maximum, Maximum { read: None, write: Some(9000) });
    assert_eq!((load.limits.warm, load.class), (Some(units(20000, 10000)), Class::InfrequentAccess));
    assert_eq!(load.indexes["ByName"].limits, Limits { warm: load.limits.warm, ..steady.indexes["ByName"].limits });
    let provisioned = table(PHASED, Some("units"));
    assert_eq!(provisioned.limits.maximum, Maximum::default());
    assert_eq!(provisioned.limits.scaling.read, Some(Range { min: 1, max: 10, target: Some(70) }));
    let index = &provisioned.indexes["ByName"];
    assert_eq!((index.capacity, index.limits.maximum), (Capacity::Provisioned(units(1, 2)), Maximum::default()));
    assert_eq!(index.limits.scaling.write, Some(Range { min: 2, max: 20, target: Some(70) }));
}

#[test]
fn on_demand_in_a_phase_ends_auto_scaling_everywhere() {
    let phased = format!("{EVERYTHING}        [phase.load]\n        table.Users.capacity = 'on-demand'\n");
    let got = table(&phased, Some("load"));
    assert_eq!((got.capacity, got.limits.scaling), (Capacity::OnDemand, Scaling::default()));
    assert_eq!(got.indexes["ByName"].limits.scaling, Scaling::default());
    assert_eq!(got.limits.warm, Some(units(12000, 4000)), "a floor holds in every phase");
}

#[test]
fn phases_that_cannot_be() {
    insta::assert_snapshot!(told(r#"
        [table.Users]
        key = ["id:S"]
        warm = { read = 100, write = 100 }
        [table.Users.index.ByName]
        key = ["name:S"]
        [phase.one.table.Users]
        capacity = { read = 101, write = 5 }
        maximum = { read = 7 }
        index.ByName.capacity = { read = 5, write = 5 }
        index.ByName.warm = { read = 1, write = 1 }
        [phase.two.table.Users.index.ByName]
    "#), @r#"
    error: in this phase table `Users` has a warm throughput of 100 read and 100 write units, below its capacity of 101 and 5
      --> stack.toml:10:18
       |
    10 | [phase.one.table.Users]
       |                  ^^^^^
       |
       = help: warm throughput is never less than capacity: raise it, or remove it

    error: in this phase table `Users` has units, and a `maximum` is for on-demand only
      --> stack.toml:12:11
       |
    12 | maximum = { read = 7 }
       |           ^^^^^^^^^^^^
       |
       = help: remove it (units bound throughput already), or make the table on-demand

    error: in this phase index `ByName` has a warm throughput of 1 read and 1 write units, below its capacity of 5 and 5
      --> stack.toml:14:21
       |
    14 | index.ByName.warm = { read = 1, write = 1 }
       |                     ^^^^^^^^^^^^^^^^^^^^^^^
       |
       = help: warm throughput is never less than capacity: raise it, or remove it

    error: this phase changes nothing of index `ByName`
      --> stack.toml:15:30
       |
    15 | [phase.two.table.Users.index.ByName]
       |                              ^^^^^^

    4 errors
    "#);
}
