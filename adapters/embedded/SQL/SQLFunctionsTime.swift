// Functions on times, random numbers, and sleep.

import Capabilities
import Glibc

extension SQLiteFunctions {
    static let times: [(String, Int32, Bool, Body)] = [
        ("now", 0, false, { connection, _ in .text(connection.transactionTime + "+00") }),
        ("fairlead_localtimestamp", 0, false, { connection, _ in .text(connection.transactionTime) }),
        ("fairlead_time", 0, false, { connection, _ in .text(String(connection.transactionTime.dropFirst(11))) }),
        ("statement_timestamp", 0, false, { connection, _ in .text(connection.statementTime + "+00") }),
        ("clock_timestamp", 0, false, { _, _ in .text(clock() + "+00") }),
        (
            "date_trunc", 2, true,
            { _, v throws(SQLFailure) in
                guard let unit = v[0].string, let text = v[1].string else { return .null }
                return .text(try truncated(text, to: unit.lowercased()))
            }
        ),
        (
            "date_part", 2, true,
            { _, v throws(SQLFailure) in
                guard let unit = v[0].string, let text = v[1].string else { return .null }
                return try part(unit.lowercased(), of: text)
            }
        ),
        (
            "pg_sleep", 1, false,
            { connection, v throws(SQLFailure) in
                connection.sleep(seconds: v[0].number ?? 0)
                if connection.mustStop { throw connection.stopFailure }
                return .text("")
            }
        ),
        ("fairlead_random", 0, false, { _, _ in .double(Double.random(in: 0..<1)) }),
        (
            "gen_random_uuid", 0, false,
            { _, _ in
                var bytes = (0..<16).map { _ in UInt8.random(in: 0...255) }
                bytes[6] = bytes[6] & 0x0F | 0x40
                bytes[8] = bytes[8] & 0x3F | 0x80
                return .text(SQLUUIDText.text(bytes))
            }
        ),
    ]

    /// The time of day in UTC.
    static func clock() -> String {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        let microseconds = Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000
        let text = SQLInstant.timestampText(microseconds - SQLInstant.epochDays * SQLInstant.microsecondsPerDay)
        return String(decoding: text ?? [], as: UTF8.self)
    }

    private static func truncated(_ text: String, to unit: String) throws(SQLFailure) -> String {
        guard let stamp = SQLInstant.timestamp(Array(text.utf8)), let full = SQLInstant.timestampText(stamp) else {
            throw SQLFailure("22007", "invalid input syntax for type timestamp: \"\(text)\"")
        }
        let zone = text.hasSuffix("+00") ? "+00" : ""
        let body = String(decoding: full, as: UTF8.self)
        switch unit {
        case "second", "seconds": return body.prefix(19) + zone
        case "minute": return body.prefix(16) + ":00" + zone
        case "hour": return body.prefix(13) + ":00:00" + zone
        case "day": return body.prefix(10) + " 00:00:00" + zone
        case "month": return body.prefix(7) + "-01 00:00:00" + zone
        case "year": return body.prefix(4) + "-01-01 00:00:00" + zone
        default: throw .refused(.sqlQuery, "date_trunc to \(unit) is not known here")
        }
    }

    private static func part(_ unit: String, of text: String) throws(SQLFailure) -> SQLValue {
        guard let stamp = SQLInstant.timestamp(Array(text.utf8)), let full = SQLInstant.timestampText(stamp) else {
            throw SQLFailure("22007", "invalid input syntax for type timestamp: \"\(text)\"")
        }
        let body = Array(full)
        func number(_ range: Range<Int>) -> Double { Double(String(decoding: body[range], as: UTF8.self)) ?? 0 }
        let result: Double
        switch unit {
        case "year": result = number(0..<4)
        case "month": result = number(5..<7)
        case "day": result = number(8..<10)
        case "hour": result = number(11..<13)
        case "minute": result = number(14..<16)
        case "second": result = Double(String(decoding: body[17...], as: UTF8.self)) ?? 0
        case "quarter": result = ((number(5..<7) - 1) / 3).rounded(.down) + 1
        case "epoch":
            result = Double(stamp) / 1e6 + Double(SQLInstant.epochDays * 86_400)
        case "dow", "isodow":
            let days = (Double(stamp) / Double(SQLInstant.microsecondsPerDay)).rounded(.down)
            // 2000-01-01 was a Saturday.
            let day = (days + 6).truncatingRemainder(dividingBy: 7)
            let positive = day < 0 ? day + 7 : day
            result = unit == "isodow" && positive == 0 ? 7 : positive
        default: throw .refused(.sqlQuery, "the field \(unit) of a time is not known here")
        }
        return result == result.rounded() ? .integer(Int64(result)) : .double(result)
    }
}
