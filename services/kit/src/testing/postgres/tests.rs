use super::*;

fn sql(postgres: &Postgres) -> Result<String> {
    postgres.admin(ADMIN, "SELECT 6 * 7")
}

#[test]
fn a_server_can_be_stopped_killed_and_started_again_with_its_data() {
    let postgres = Postgres::start().unwrap();
    postgres.database().unwrap();
    postgres
        .admin("test_0", "CREATE TABLE kept AS SELECT 42 AS answer")
        .unwrap();
    for end in [Postgres::stop, Postgres::kill] {
        end(&postgres).unwrap();
        assert!(sql(&postgres).is_err());
        postgres.restart().unwrap();
        assert_eq!(
            postgres.admin("test_0", "SELECT answer FROM kept").unwrap(),
            "42\n"
        );
    }
}

#[test]
fn a_frozen_server_goes_on_where_it_was() {
    let postgres = Postgres::start().unwrap();
    postgres.pause().unwrap();
    std::thread::scope(|scope| {
        let asked = scope.spawn(|| sql(&postgres));
        std::thread::sleep(std::time::Duration::from_millis(200));
        assert!(!asked.is_finished());
        postgres.resume().unwrap();
        assert_eq!(asked.join().unwrap().unwrap(), "42\n");
    });
}

#[test]
fn every_caller_has_a_database_of_its_own_and_no_special_rights() {
    let postgres = Postgres::start().unwrap();
    let [first, second] = [(); 2].map(|()| postgres.database().unwrap());
    assert_ne!(first, second);
    assert_eq!(
        postgres
            .admin(ADMIN, "SELECT rolsuper FROM pg_roles WHERE rolname = 'app'")
            .unwrap(),
        "f\n"
    );
}

#[test]
fn settings_reach_the_server() {
    let options = PostgresOptions {
        settings: &["max_connections=7"],
        ..PostgresOptions::default()
    };
    let postgres = Postgres::start_with(options).unwrap();
    assert_eq!(postgres.admin(ADMIN, "SHOW max_connections").unwrap(), "7\n");
}
