// Dates and times of SQL: between text in ISO 8601 and counts of microseconds.

/// Dates and times as PostgreSQL's binary formats count them: from 2000-01-01, without leap seconds.
public enum SQLInstant {
    public static let microsecondsPerDay: Int64 = 86_400_000_000
    /// The days from 1970-01-01 to 2000-01-01.
    public static let epochDays: Int64 = 10_957

    // MARK: Reading

    /// Microseconds from 2000-01-01, in UTC, of a text with a date and perhaps a time and a zone; nil when it is none.
    ///
    /// An example: `2024-02-29 12:30:00.25+01`.
    public static func timestamp(_ text: [UInt8]) -> Int64? {
        var reader = Reader(text)
        guard let days = reader.date() else { return nil }
        var time: Int64 = 0
        if !reader.isAtEnd {
            guard reader.take(0x20) || reader.take(UInt8(ascii: "T")) || reader.take(UInt8(ascii: "t")),
                let read = reader.time()
            else { return nil }
            time = read
        }
        guard let zone = reader.zone(), reader.isAtEnd else { return nil }
        return (days - epochDays) * microsecondsPerDay + time - zone
    }

    /// Days from 2000-01-01; a time behind the date is dropped.
    public static func date(_ text: [UInt8]) -> Int64? {
        var reader = Reader(text)
        guard let days = reader.date() else { return nil }
        guard reader.isAtEnd || timestamp(text) != nil else { return nil }
        return days - epochDays
    }

    /// Microseconds from midnight.
    public static func time(_ text: [UInt8]) -> Int64? {
        var reader = Reader(text)
        guard let time = reader.time(), reader.isAtEnd else { return nil }
        return time
    }

    // MARK: Writing

    /// `2024-02-29 12:30:00.25`; nil outside of the years 1 to 9999.
    public static func timestampText(_ microseconds: Int64) -> [UInt8]? {
        var days = microseconds / microsecondsPerDay
        var time = microseconds % microsecondsPerDay
        if time < 0 {
            time += microsecondsPerDay
            days -= 1
        }
        guard var text = dateText(days) else { return nil }
        text.append(0x20)
        return text + timeText(time)
    }

    /// `2024-02-29`, from days since 2000-01-01.
    public static func dateText(_ days: Int64) -> [UInt8]? {
        let (sum, overflowed) = days.addingReportingOverflow(epochDays)
        guard !overflowed, let (year, month, day) = GregorianCalendar.date(days: sum) else { return nil }
        return digits(year, 4) + [0x2D] + digits(month, 2) + [0x2D] + digits(day, 2)
    }

    /// The text of microseconds from midnight, as in `12:30:00.25`.
    public static func timeText(_ microseconds: Int64) -> [UInt8] {
        let seconds = Int(microseconds / 1_000_000)
        var text = digits(seconds / 3600, 2) + [0x3A] + digits(seconds / 60 % 60, 2) + [0x3A] + digits(seconds % 60, 2)
        var fraction = Int(microseconds % 1_000_000)
        if fraction > 0 {
            var width = 6
            while fraction % 10 == 0 {
                fraction /= 10
                width -= 1
            }
            text += [0x2E] + digits(fraction, width)
        }
        return text
    }

    private static func digits(_ value: Int, _ width: Int) -> [UInt8] {
        var digits = [UInt8](repeating: 0x30, count: width)
        var rest = value
        for place in stride(from: width - 1, through: 0, by: -1) {
            digits[place] = UInt8(0x30 + rest % 10)
            rest /= 10
        }
        return digits
    }

    /// Reads a text from left to right.
    private struct Reader {
        private let text: [UInt8]
        private var position = 0

        init(_ text: [UInt8]) {
            var text = text
            while text.last == 0x20 { text.removeLast() }
            self.text = Array(text.drop { $0 == 0x20 })
        }

        var isAtEnd: Bool { position == text.count }

        mutating func take(_ byte: UInt8) -> Bool {
            guard position < text.count, text[position] == byte else { return false }
            position += 1
            return true
        }

        mutating func number(_ digits: ClosedRange<Int>) -> Int? {
            var value = 0
            var count = 0
            while position < text.count, count < digits.upperBound, text[position] &- 0x30 < 10 {
                value = value * 10 + Int(text[position] &- 0x30)
                position += 1
                count += 1
            }
            return digits.contains(count) ? value : nil
        }

        mutating func date() -> Int64? {
            guard let year = number(4...4), take(0x2D), let month = number(1...2), take(0x2D), let day = number(1...2)
            else { return nil }
            return GregorianCalendar.days(year: year, month: month, day: day)
        }

        mutating func time() -> Int64? {
            guard let hour = number(1...2), hour <= 24, take(0x3A), let minute = number(2...2), minute < 60 else {
                return nil
            }
            var microseconds = Int64(hour * 3600 + minute * 60) * 1_000_000
            if take(0x3A) {
                guard let second = number(2...2), second <= 60 else { return nil }
                microseconds += Int64(second) * 1_000_000
                if take(0x2E) {
                    let start = position
                    while position < text.count, text[position] &- 0x30 < 10 { position += 1 }
                    // A double decides, as in datetime.c, ParseFractionalSecond; more digits say nothing to it.
                    let digits = String(decoding: text[start..<min(position, start + 30)], as: UTF8.self)
                    guard let fraction = Double("0." + digits + "0") else { return nil }
                    microseconds += Int64((fraction * 1_000_000).rounded(.toNearestOrEven))
                }
            }
            return microseconds <= SQLInstant.microsecondsPerDay ? microseconds : nil
        }

        /// How far the zone is ahead of UTC, zero when there is none.
        mutating func zone() -> Int64? {
            while take(0x20) {}
            if isAtEnd || take(UInt8(ascii: "Z")) || take(UInt8(ascii: "z")) { return 0 }
            if text.count - position == 3, Array(text[position...]) == Array("UTC".utf8) {
                position = text.count
                return 0
            }
            let isBehind = take(0x2D)
            guard isBehind || take(0x2B), let hours = number(1...2), hours <= 15 else { return nil }
            var minutes = 0
            if take(0x3A) || !isAtEnd {
                guard let read = number(2...2), read < 60 else { return nil }
                minutes = read
            }
            let offset = Int64(hours * 3600 + minutes * 60) * 1_000_000
            return isBehind ? -offset : offset
        }
    }
}
