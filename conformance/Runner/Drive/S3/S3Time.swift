// The moments that signatures carry.

import Glibc

/// Text forms of a moment in UTC.
enum S3Time {
    /// `20130524T000000Z`, `offset` away from now; ISO 8601's basic form, as `x-amz-date` has it.
    static func basic(offset: Duration = .zero) -> String {
        var seconds = time(nil) + Int(offset.components.seconds)
        var parts = tm()
        gmtime_r(&seconds, &parts)
        func two(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return "\(parts.tm_year + 1900)\(two(parts.tm_mon + 1))\(two(parts.tm_mday))T"
            + "\(two(parts.tm_hour))\(two(parts.tm_min))\(two(parts.tm_sec))Z"
    }
}
