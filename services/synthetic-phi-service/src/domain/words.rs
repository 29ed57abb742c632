//! The words that names and addresses are made of: none of a place or person that exists, but states and area codes.

pub(super) const FEMALE_NAMES: [&str; 16] = [
    "Ada", "Bea", "Clara", "Dina", "Elena", "Freya", "Grace", "Hana", "Iris", "June", "Kira", "Lena", "Mina",
    "Nora", "Opal", "Petra",
];

pub(super) const MALE_NAMES: [&str; 16] = [
    "Abel", "Boris", "Carl", "Dario", "Emil", "Felix", "Gus", "Hugo", "Ivan", "Jonas", "Karim", "Leo",
    "Milan", "Noel", "Otto", "Pablo",
];

pub(super) const FAMILY_NAMES: [&str; 20] = [
    "Alder", "Birch", "Cedar", "Dale", "Elm", "Fern", "Grove", "Hazel", "Ivy", "Juniper", "Kestrel", "Larch",
    "Maple", "Nettle", "Oak", "Pine", "Quill", "Rowan", "Sorrel", "Thorn",
];

pub(super) const STREETS: [&str; 6] = [
    "Sample Street",
    "Test Avenue",
    "Fixture Road",
    "Specimen Lane",
    "Placeholder Drive",
    "Demo Court",
];

pub(super) const TOWNS: [&str; 6] = [
    "Sampleton",
    "Testville",
    "Mockfield",
    "Fixture Falls",
    "Port Specimen",
    "Demo Springs",
];

pub(super) const STATES: [&str; 12] = [
    "AZ", "CA", "CO", "FL", "GA", "IL", "MA", "MN", "NY", "OH", "TX", "WA",
];

pub(super) const AREA_CODES: [&str; 12] = [
    "202", "206", "212", "303", "305", "312", "404", "512", "602", "614", "617", "651",
];
