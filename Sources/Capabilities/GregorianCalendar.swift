// Dates and days: the one calendar of all that reads and writes times here, but for the wires, which import nothing.

/// Dates of the Gregorian calendar, years 1 to 9999, and days since 1970.
///
/// Source: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms".
public enum GregorianCalendar {
    /// The days from 1970-01-01 to a date of the Gregorian calendar; nil when there is no such date.
    public static func days(year: Int, month: Int, day: Int) -> Int64? {
        guard (1...9999).contains(year), (1...12).contains(month), day >= 1, day <= monthLength(year, month) else {
            return nil
        }
        // Years begin in March here, so that a leap day is the last of one.
        let shifted = month <= 2 ? year - 1 : year
        let era = shifted / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return Int64(era * 146_097 + dayOfEra - 719_468)
    }

    private static func monthLength(_ year: Int, _ month: Int) -> Int {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    /// The date so many days from 1970-01-01; nil outside of the years 1 to 9999.
    public static func date(days: Int64) -> (year: Int, month: Int, day: Int)? {
        guard days >= -719_162, days <= 2_932_896 else { return nil }
        let shifted = Int(days) + 719_468
        let era = shifted / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
    }
}
