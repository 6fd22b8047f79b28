//! tieback's own neutral JSON: `_to_json`, options, operations, exports. One form for every language.
