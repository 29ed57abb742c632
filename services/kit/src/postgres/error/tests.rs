use std::io;

use super::*;

#[test]
fn sqlstates_say_what_to_do() {
    let unavailable = |cause| DatabaseError::Unavailable(cause);
    for (sqlstate, expected) in [
        ("53300", unavailable(Unavailable::TooManyConnections)),
        ("53100", unavailable(Unavailable::DiskFull)),
        ("57P01", unavailable(Unavailable::Restarting)),
        ("57P03", unavailable(Unavailable::Restarting)),
        ("08006", unavailable(Unavailable::Restarting)),
        ("28P01", unavailable(Unavailable::Rejected("28P01".to_owned()))),
        ("3D000", unavailable(Unavailable::Rejected("3D000".to_owned()))),
        ("40001", DatabaseError::Conflict),
        ("40P01", DatabaseError::Conflict),
        ("57014", DatabaseError::TimedOut),
        (
            "42P01",
            DatabaseError::Refused {
                sqlstate: "42P01".to_owned(),
            },
        ),
    ] {
        assert_eq!(refused(sqlstate, None), expected, "{sqlstate}");
    }
    let constraint = refused("23505", Some("client_pkey"));
    assert!(constraint.is_duplicate() && constraint.to_string().contains("client_pkey"));
    assert!(!refused("23503", None).is_duplicate());
}

#[test]
fn only_errors_of_a_healthy_session_leave_the_connection_usable() {
    for (error, usable) in [
        (sqlx::Error::RowNotFound, true),
        (sqlx::Error::Io(io::ErrorKind::BrokenPipe.into()), false),
        (sqlx::Error::Protocol("x".to_owned()), false),
        (sqlx::Error::Decode("x".into()), false),
    ] {
        let shown = error.to_string();
        assert_eq!(
            DatabaseError::from(error).leaves_connection_usable(),
            usable,
            "{shown}"
        );
    }
    assert!(!DatabaseError::TimedOut.leaves_connection_usable());
    assert!(!refused("57P01", None).leaves_connection_usable());
    assert!(refused("23505", None).leaves_connection_usable());
}

#[test]
fn callers_are_told_to_come_again_when_that_may_help() {
    for (error, status) in [
        (DatabaseError::Unavailable(Unavailable::NoAnswer), 503),
        (DatabaseError::TimedOut, 503),
        (DatabaseError::Conflict, 503),
        (DatabaseError::NotFound, 500),
        (refused("42601", None), 500),
        (refused("23505", Some("x")), 500),
    ] {
        assert_eq!(
            Problem::from(error.clone()).code.status().as_u16(),
            status,
            "{error}"
        );
    }
}

/// Texts of the library may hold values, those of the system do not.
#[test]
fn only_the_systems_words_are_passed_on() {
    for error in [
        sqlx::Error::Protocol("CANARY".to_owned()),
        sqlx::Error::Decode("CANARY".into()),
        sqlx::Error::Encode("CANARY".into()),
        sqlx::Error::Configuration("CANARY".into()),
        sqlx::Error::ColumnNotFound("CANARY".to_owned()),
        sqlx::Error::InvalidArgument("CANARY".to_owned()),
        sqlx::Error::Tls("CANARY".into()),
        sqlx::Error::Io(io::Error::other("CANARY")),
    ] {
        let error = DatabaseError::from(error);
        assert!(!format!("{error} {error:?}").contains("CANARY"), "{error:?}");
    }
    let lookup = io::Error::other("failed to lookup address information: Name or service not known");
    let error = DatabaseError::from(sqlx::Error::Io(lookup)).to_string();
    assert!(
        error.contains("host name is not found (Name or service not known)"),
        "{error}"
    );
}
