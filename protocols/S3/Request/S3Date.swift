// Dates as S3 writes them: in HTTP fields, in documents and in signatures.

import Wire

/// A time of day in UTC; seconds since 1970.
package struct S3Date: Sendable, Equatable {
    package var seconds: Int64

    package init(seconds: Int64) { self.seconds = seconds }

    /// Days since 1970 of a date of the Gregorian calendar.
    private static func days(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        // Years begin in March here, so that the leap day is the last of its year.
        let year = month <= 2 ? year - 1 : year
        let era = (year >= 0 ? year : year - 399) / 400
        let yearOfEra = year - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    private struct Parts {
        var year: Int64
        var month: Int64
        var day: Int64
        var hour: Int64
        var minute: Int64
        var second: Int64
        var weekday: Int
    }

    private var parts: Parts {
        var days = seconds / 86400
        var rest = seconds % 86400
        if rest < 0 {
            rest += 86400
            days -= 1
        }
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        return Parts(
            year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month: month,
            day: dayOfYear - (153 * shiftedMonth + 2) / 5 + 1, hour: rest / 3600, minute: rest / 60 % 60,
            second: rest % 60, weekday: Int(((days + 4) % 7 + 7) % 7))
    }

    private static func digits(_ value: Int64, _ count: Int) -> String {
        let text = String(value)
        return String(repeating: "0", count: max(0, count - text.count)) + text
    }

    private static let weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    /// Such as `Fri, 24 May 2013 00:00:00 GMT`; RFC 9110, 5.6.7.
    package var http: String {
        let parts = parts
        return "\(Self.weekdays[parts.weekday]), \(Self.digits(parts.day, 2)) \(Self.months[Int(parts.month) - 1]) "
            + "\(Self.digits(parts.year, 4)) \(Self.digits(parts.hour, 2)):\(Self.digits(parts.minute, 2)):"
            + "\(Self.digits(parts.second, 2)) GMT"
    }

    /// Such as `2013-05-24T00:00:00.123Z`, with these milliseconds.
    package func iso(milliseconds: Int64) -> String {
        let parts = parts
        return "\(Self.digits(parts.year, 4))-\(Self.digits(parts.month, 2))-\(Self.digits(parts.day, 2))T"
            + "\(Self.digits(parts.hour, 2)):\(Self.digits(parts.minute, 2)):\(Self.digits(parts.second, 2))."
            + "\(Self.digits(milliseconds, 3))Z"
    }

    /// The ISO 8601 form of a time in milliseconds since 1970.
    package static func iso(milliseconds: Int64) -> String {
        let rest = (milliseconds % 1000 + 1000) % 1000
        return S3Date(seconds: (milliseconds - rest) / 1000).iso(milliseconds: rest)
    }

    /// Such as `20130524T000000Z`.
    package var basic: String {
        let parts = parts
        return "\(Self.digits(parts.year, 4))\(Self.digits(parts.month, 2))\(Self.digits(parts.day, 2))T"
            + "\(Self.digits(parts.hour, 2))\(Self.digits(parts.minute, 2))\(Self.digits(parts.second, 2))Z"
    }

    // MARK: Parsing

    private init?(_ year: Int?, _ month: Int?, _ day: Int?, _ hour: Int?, _ minute: Int?, _ second: Int?) {
        guard let year, let month, let day, let hour, let minute, let second, (0...9999).contains(year),
            (1...12).contains(month), (1...31).contains(day), hour < 24, minute < 60, second < 61
        else { return nil }
        seconds =
            S3Date.days(Int64(year), Int64(month), Int64(day)) * 86400
            + Int64(hour * 3600 + minute * 60 + second)
    }

    /// Reads `20130524T000000Z`.
    package init?(basic text: [UInt8]) {
        guard text.count == 16, text[8] == UInt8(ascii: "T"), text[15] == UInt8(ascii: "Z") else { return nil }
        self.init(
            text.decimal(in: 0..<4), text.decimal(in: 4..<6), text.decimal(in: 6..<8), text.decimal(in: 9..<11),
            text.decimal(in: 11..<13), text.decimal(in: 13..<15))
    }

    /// Reads `2009-10-12T17:50:30.000Z`, as documents have it; fractions of a second are dropped.
    package init?(iso text: [UInt8]) {
        guard (20...40).contains(text.count), text[4] == UInt8(ascii: "-"), text[7] == UInt8(ascii: "-"),
            text[10] == UInt8(ascii: "T"), text[13] == S3Byte.colon, text[16] == S3Byte.colon,
            text.last == UInt8(ascii: "Z")
        else { return nil }
        self.init(
            text.decimal(in: 0..<4), text.decimal(in: 5..<7), text.decimal(in: 8..<10), text.decimal(in: 11..<13),
            text.decimal(in: 14..<16), text.decimal(in: 17..<19))
    }

    /// Reads a date of HTTP in the form that senders have to use, or in one of the two that recipients still accept;
    /// RFC 9110, 5.6.7.
    package init?(http text: [UInt8]) {
        guard text.count <= 64 else { return nil }
        let words = text.split(whereSeparator: { $0 == 0x20 || $0 == 0x2C || $0 == 0x2D }).map(Array.init)
        if words.count == 6, S3Request.equals(words[5], "GMT") {
            // Sun, 06 Nov 1994 08:49:37 GMT, or Sunday, 06-Nov-94 08:49:37 GMT.
            var year = words[3].decimal
            if words[3].count == 2, let short = year { year = short + (short < 70 ? 2000 : 1900) }
            self.init(year, month: words[2], day: words[1], time: words[4])
        } else if words.count == 5 {
            // Sun Nov  6 08:49:37 1994.
            self.init(words[4].decimal, month: words[1], day: words[2], time: words[3])
        } else {
            return nil
        }
    }

    private init?(_ year: Int?, month: [UInt8], day: [UInt8], time: [UInt8]) {
        let name = String(decoding: month, as: UTF8.self)
        guard let index = Self.months.firstIndex(of: name), time.count == 8, time[2] == S3Byte.colon,
            time[5] == S3Byte.colon
        else { return nil }
        self.init(
            year, index + 1, day.decimal, time.decimal(in: 0..<2), time.decimal(in: 3..<5),
            time.decimal(in: 6..<8))
    }
}

extension Array where Element == UInt8 {
    /// The number that the bytes spell in digits and nothing else, or nil; it never overflows.
    package var decimal: Int? { decimal(in: 0..<count) }

    fileprivate func decimal(in range: Range<Int>) -> Int? { span.decimal(in: range) }
}
