// Dates as servers write them, and milliseconds since 1970.

import Capabilities

/// Reads dates of HTTP (RFC 9110, 5.6.7) and of ISO 8601 (RFC 3339), and writes those of HTTP.
enum DateText {
    private static let months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
    private static let weekdays = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
    /// The longest text that is read as a date.
    private static let longest = 64

    /// The time that `text` tells; nil when it is no date of these forms.
    static func milliseconds(_ text: [UInt8]) -> Int64? {
        guard text.count <= longest, text.allSatisfy({ $0 < 0x80 }) else { return nil }
        if let comma = text.firstIndex(of: UInt8(ascii: ",")) { return http(text[(comma + 1)...]) }
        return iso(text)
    }

    /// ` 06 Nov 1994 08:49:37 GMT`.
    private static func http(_ text: ArraySlice<UInt8>) -> Int64? {
        let words = text.split(separator: 0x20)
        guard words.count == 5, words[4].elementsEqual("GMT".utf8), let day = number(words[0], 1...2),
            let month = months.firstIndex(of: String(decoding: words[1], as: UTF8.self).lowercased()),
            let year = number(words[2], 4...4), let time = clock(words[3])
        else { return nil }
        return sum(year, month + 1, day, time, 0)
    }

    /// `1994-11-06T08:49:37.250Z`, a space for the T, and with an offset such as +01:00.
    private static func iso(_ text: [UInt8]) -> Int64? {
        guard text.count >= 19, text[4] == 0x2D, text[7] == 0x2D, text[10] == 0x54 || text[10] == 0x20,
            let year = number(text[..<4], 4...4), let month = number(text[5..<7], 2...2),
            let day = number(text[8..<10], 2...2), let time = clock(text[11..<19])
        else { return nil }
        var rest = text[19...]
        var fraction: Int64 = 0
        if rest.first == 0x2E {
            let digits = rest.dropFirst().prefix { 0x30...0x39 ~= $0 }
            guard !digits.isEmpty else { return nil }
            for index in 0..<3 {
                let digit = index < digits.count ? digits[digits.startIndex + index] - 0x30 : 0
                fraction = fraction * 10 + Int64(digit)
            }
            rest = rest.dropFirst(1 + digits.count)
        }
        guard let offset = offset(rest), let whole = sum(year, month, day, time, fraction) else { return nil }
        return whole - offset
    }

    /// Milliseconds that a zone is ahead; text without one is taken for UTC.
    private static func offset(_ text: ArraySlice<UInt8>) -> Int64? {
        guard let sign = text.first else { return 0 }
        if sign == 0x5A { return text.count == 1 ? 0 : nil }
        let digits = Array(text.dropFirst().filter { $0 != 0x3A })
        guard sign == 0x2B || sign == 0x2D, digits.count == 4, let hours = number(digits[..<2], 2...2),
            let minutes = number(digits[2...], 2...2)
        else { return nil }
        let offset = Int64(hours * 60 + minutes) * 60_000
        return sign == 0x2D ? -offset : offset
    }

    /// Seconds of a day, of `08:49:37`.
    private static func clock(_ text: ArraySlice<UInt8>) -> Int? {
        let parts = text.split(separator: 0x3A, omittingEmptySubsequences: false)
        guard parts.count == 3, let hours = number(parts[0], 2...2), let minutes = number(parts[1], 2...2),
            let seconds = number(parts[2], 2...2), hours < 24, minutes < 60, seconds <= 60
        else { return nil }
        return hours * 3600 + minutes * 60 + seconds
    }

    private static func number(_ text: ArraySlice<UInt8>, _ digits: ClosedRange<Int>) -> Int? {
        guard digits.contains(text.count), text.allSatisfy({ 0x30...0x39 ~= $0 }) else { return nil }
        return text.reduce(0) { $0 * 10 + Int($1 - 0x30) }
    }

    private static func sum(_ year: Int, _ month: Int, _ day: Int, _ seconds: Int, _ fraction: Int64) -> Int64? {
        GregorianCalendar.days(year: year, month: month, day: day).map {
            ($0 * 86_400 + Int64(seconds)) * 1000 + fraction
        }
    }

    /// `Sun, 06 Nov 1994 08:49:37 GMT`.
    static func http(_ milliseconds: Int64) -> [UInt8] {
        let seconds = Int(max(0, min(milliseconds / 1000, 253_402_300_799)))
        let rest = seconds % 86_400
        guard let (year, month, day) = GregorianCalendar.date(days: Int64(seconds / 86_400)) else { return [] }
        func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        let name = months[month - 1].prefix(1).uppercased() + months[month - 1].dropFirst()
        let date = "\(two(day)) \(name) \(year)"
        let time = "\(two(rest / 3600)):\(two(rest / 60 % 60)):\(two(rest % 60))"
        return Array("\(weekdays[seconds / 86_400 % 7]), \(date) \(time) GMT".utf8)
    }
}
