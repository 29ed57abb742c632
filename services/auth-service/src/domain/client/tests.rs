use serde_json::json;

use super::GrantType;

#[test]
fn grants_have_the_names_of_the_parameter() {
    for grant in GrantType::ALL {
        assert_eq!(serde_json::to_value(grant).unwrap(), json!(grant.as_str()));
    }
}
