//! The command line itself: it is sound, and what it says of a mistake is inert.

use super::*;
use clap::CommandFactory;

#[test]
fn the_command_line_is_sound() {
    Cli::command().debug_assert();
}

/// A group's heading would stand over every flag that follows it.
#[test]
fn a_flag_of_the_verb_itself_stands_under_no_groups_heading() {
    let own = ["yes", "timeout", "out", "deadline", "detailed-exitcode", "phase", "source", "force", "report", "wait", "window", "warm"];
    for verb in Cli::command().get_subcommands() {
        for flag in verb.get_arguments().filter(|flag| flag.get_long().is_some_and(|long| own.contains(&long))) {
            assert_eq!(flag.get_help_heading(), None, "{} {}", verb.get_name(), flag);
        }
    }
}

#[test]
fn a_complaint_repeats_no_password_and_obeys_no_argument() {
    let arguments = ["landfall", "plan", "a.toml", "mysql://app:hunter2x@db/shop\n::error::x\u{1b}[2J"].map(OsString::from);
    let shown = complaint(&parse(&arguments).expect_err("one argument too many"), &arguments);
    assert!(shown.contains("unexpected argument") && !shown.contains("hunter2x"), "{shown}");
    assert!(!shown.contains('\u{1b}') && !shown.contains("\n::error"), "{shown}");
}

#[test]
fn outputs_name_a_format_and_perhaps_a_file() {
    assert_eq!("json=a=b".parse(), Ok(Output { format: Format::Json, file: Some("a=b".into()) }));
    assert_eq!("table".parse(), Ok(Output { format: Format::Table, file: None }));
    assert!("yaml".parse::<Output>().is_err());
    assert!("json=".parse::<Output>().is_err());
}

#[test]
fn the_verbs_of_a_policy_are_verbs() {
    let cli = Cli::command();
    for verb in crate::iam::Verb::ALL {
        assert!(cli.find_subcommand(verb.name()).is_some(), "{verb:?}");
        let parsed = parse(&["landfall", "iam", "a.toml", "--verb", verb.name()].map(OsString::from)).expect("sound");
        assert!(matches!(parsed.verb, Verb::Iam(iam) if iam.verbs == [verb]), "{verb:?}");
    }
}
