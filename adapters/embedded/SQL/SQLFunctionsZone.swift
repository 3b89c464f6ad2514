// AT TIME ZONE, for a session whose own zone is UTC.

import Capabilities

extension SQLiteFunctions {
    /// Names of UTC; what any other zone's clocks show is not kept here.
    private static let utc: Set<String> = [
        "utc", "gmt", "z", "zulu", "etc/utc", "etc/gmt", "uct", "universal", "greenwich",
    ]

    static let zones: [(String, Int32, Bool, Body)] = [
        // A time, its zone, and whether the result has one.
        (
            "fairlead_at_zone", 3, true,
            { _, v throws(SQLFailure) in
                guard let zone = v[1].string, case .text(let text) = v[0] else { return .null }
                guard utc.contains(zone.lowercased()) else {
                    throw .refused(.sqlQuery, "the time zone \"\(zone)\" is not known here; times are in UTC")
                }
                let type: SQLType = v[2].integer == 1 ? .timestampWithZone : .timestamp
                return try type.value(text)
            }
        )
    ]
}
