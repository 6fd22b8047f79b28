//! The catalogue, over the table that is built in.

use tieback::policy::catalogue::Catalogue;
use tieback::types::{Level, TriggerCreate};

use super::{invalid, says};

const HEADER: &str = "level,resource_name,create,update,delete,deprecated_events,note\n";

fn refusal(level: Level, resource: &str, event: &str) -> tieback::error::Error {
    invalid(Catalogue::builtin().check_trigger(level, &TriggerCreate::new(resource, event).unwrap()))
}

#[test]
fn the_built_in_table_has_25_company_and_96_project_resources() {
    let catalogue = Catalogue::builtin();
    assert_eq!(catalogue.list(Level::Company).len(), 25);
    let project = catalogue.list(Level::Project);
    assert_eq!(project.len(), 96);
    let bids = &catalogue.list(Level::Company)[0];
    assert_eq!((bids.name.as_str(), bids.event_types.as_slice()), ("Bids", ["update".to_owned()].as_slice()));
    let deprecated: Vec<&str> = project
        .iter()
        .filter(|resource| resource.deprecated_event_types == ["update"])
        .map(|resource| resource.name.as_str())
        .collect();
    assert_eq!(deprecated, ["Project Users", "Project Vendors"]);
}

#[test]
fn every_listed_event_can_be_triggered_on_unless_it_is_deprecated() {
    let catalogue = Catalogue::builtin();
    for level in [Level::Company, Level::Project] {
        for resource in catalogue.list(level) {
            for event in ["create", "update", "delete"].map(str::to_owned) {
                let trigger = TriggerCreate::new(&resource.name, &event).unwrap();
                let deprecated = resource.deprecated_event_types.contains(&event);
                let allowed = resource.event_types.contains(&event) && !deprecated;
                assert_eq!(catalogue.check_trigger(level, &trigger).is_ok(), allowed, "{} {event}", resource.name);
                assert_eq!(catalogue.is_deprecated(level, &resource.name, &event.to_uppercase()), deprecated);
            }
            assert!(catalogue.check_event(level, &resource.name).is_ok());
        }
    }
}

#[test]
fn a_resource_of_the_other_level_says_where_it_belongs() {
    says(
        &refusal(Level::Company, "RFIs", "create"),
        &["`RFIs` is a project-level resource: it never fires on a company hook; use a hook of the project"],
    );
    says(&refusal(Level::Project, "Bids", "update"), &["company-level", "use a hook of the company"]);
    says(&refusal(Level::Company, "rfis", "create"), &["`RFIs`", "project-level"]);
    let catalogue = Catalogue::builtin();
    says(&invalid(catalogue.check_event(Level::Company, "RFIs")), &["project-level", "give the project_id"]);
    says(&invalid(catalogue.check_event(Level::Project, "Bids")), &["company-level", "leave out the project_id"]);
}

/// The wrong names are those that integrators have really used.
#[test]
fn a_wrong_name_is_answered_with_the_nearest_ones() {
    for (wrong, meant) in [
        ("Submittal", "`Submittals`"),
        ("submittals", "did you mean `Submittals`?"),
        ("Equipment", "`Equipment Logs`"),
        ("Drawing Revisions", "`Drawings`"),
        ("Schedule Tasks", "`Tasks`"),
        ("Commitment Contracts", "Contracts`"),
        ("RFI", "`RFIs`"),
        ("Checklists", "`Inspection Checklists`"),
        ("Purchase Order Contract", "`Purchase Order Contracts`"),
        ("Timecard Entry", "`Timecard Entries`"),
    ] {
        says(&refusal(Level::Project, wrong, "create"), &[wrong, meant]);
    }
    let few = refusal(Level::Project, "Submittal", "create");
    assert!(few.message().matches('`').count() <= 2 * (1 + 3), "{few}");
    says(&refusal(Level::Project, "Qwertz", "create"), &["`Qwertz`", "list the resources"]);
    says(&refusal(Level::Company, "company user", "create"), &["did you mean `Company Users`"]);
}

#[test]
fn a_wrong_event_is_answered_with_those_there_are() {
    says(&refusal(Level::Company, "Projects", "delete"), &["`Projects` has no event `delete`", "create, update"]);
    says(&refusal(Level::Project, "Project Users", "approve"), &["has no event `approve`", "it has create, delete"]);
    says(
        &refusal(Level::Project, "Project Vendors", "UPDATE"),
        &["no longer fires `update`", "2026-06-30", "Company Vendors update"],
    );
}

#[test]
fn accept_any_accepts_everything_and_lists_nothing() {
    let any = Catalogue::accept_any();
    assert!(any.check_trigger(Level::Company, &TriggerCreate::new("Whatever", "approved").unwrap()).is_ok());
    assert!(any.check_event(Level::Project, "Whatever").is_ok());
    assert!(!any.is_deprecated(Level::Project, "Project Users", "update"));
    assert!(any.list(Level::Project).is_empty());
}

#[test]
fn a_table_of_ones_own_takes_the_place_of_the_built_in_one() {
    let table = format!("\u{feff}{HEADER}project,Cranes,true,true,true,create;delete,\"gone, mostly\"\r\n");
    let catalogue = Catalogue::from_csv(&table).unwrap();
    let crane = &catalogue.list(Level::Project)[0];
    assert_eq!((crane.deprecated_event_types.len(), crane.note.as_str()), (2, "gone, mostly"));
    assert!(catalogue.check_event(Level::Project, "RFIs").is_err());
}

#[test]
fn a_wrong_table_is_refused_with_the_line() {
    let good = "project,Cranes,true,true,true,,\n";
    for (table, parts) in [
        ("level,name\n".to_owned(), ["line 1", "level,resource_name,create"]),
        (String::new(), ["line 1", "columns"]),
        (format!("{HEADER}{good}region,Cranes,true,true,true,,\n"), ["line 3", "level `region`"]),
        (format!("{HEADER}{good}{good}"), ["line 3", "twice"]),
        (format!("{HEADER}project,,true,true,true,,\n"), ["line 2", "resource_name is empty"]),
        (format!("{HEADER}{good}project,Hoists,yes,true,true,,\n"), ["line 3", "create is `yes`"]),
        (format!("{HEADER}project,Hoists,true,false,true,update,\n"), ["line 2", "deprecated event `update`"]),
        (format!("{HEADER}{good}project,Hoists,true\n"), ["line: 3", "3 fields"]),
    ] {
        says(&invalid(Catalogue::from_csv(&table)), &parts);
    }
}
