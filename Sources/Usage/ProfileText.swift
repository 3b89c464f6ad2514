// A profile for people: its window, then each application with what it uses.

extension Profile {
    /// The profile as text, with the examples of each feature below it where `showsSamples`.
    package func text(showsSamples: Bool = false) -> String {
        var lines: [String] = []
        for (gateway, spans) in windows.sorted(by: { $0.key < $1.key }) {
            for span in spans {
                lines.append("seen by \(gateway) from \(Self.time(span.start)) to \(Self.time(span.end))")
            }
        }
        lines.append("What was not seen is unknown: a feature that is not listed may still be used at other times.")
        lines.append("~ marks estimates, made of a sample of the requests.")
        if applications.isEmpty { lines += ["", "No application was seen."] }
        for application in applications { lines += [""] + Self.lines(of: application, showsSamples) }
        return lines.map(\.printable).joined(separator: "\n") + "\n"
    }

    private static func lines(of application: Application, _ showsSamples: Bool) -> [String] {
        let identity = application.identity.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
        var lines = [
            "\(identity.isEmpty ? "an application that says nothing of itself" : identity.joined(separator: ", "))"
                + " (\(application.protocol), listener \(application.listener))"
        ]
        for (peak, value) in application.peaks.sorted(by: { $0.key < $1.key }) {
            lines.append("  at most \(value) \(value == 1 ? singular(peak) : peak)")
        }
        for (name, feature) in application.features.sorted(by: { ($1.value.count, $0.key) < ($0.value.count, $1.key) })
        {
            let count = "\(feature.estimated ? "~" : "")\(feature.count)"
            lines.append("  \(padded(count, 12))  \(name)  (last \(time(feature.last)))")
            for sample in showsSamples ? application.samples?[name] ?? [] : [] {
                lines.append(padded("", 16) + "e.g. " + sample)
            }
        }
        for (name, ranges) in application.sizes.sorted(by: { $0.key < $1.key }) {
            let parts = ranges.counts.enumerated().filter { $0.element > 0 }.map { place, count -> String in
                let least = place == 0 ? 0 : 1 << (place - 1)
                let most = (1 << place) - 1
                if place == SizeRanges.rangeCount - 1 { return "\(least)…: \(count)" }
                return least == most ? "\(least): \(count)" : "\(least)…\(most): \(count)"
            }
            if !parts.isEmpty { lines.append("  \(name): \(parts.joined(separator: ", "))") }
        }
        return lines
    }

    /// `request per second` of `requests per second`.
    private static func singular(_ peak: String) -> String {
        var words = peak.split(separator: " ", maxSplits: 1).map(String.init)
        if let first = words.first, first.hasSuffix("s") { words[0] = String(first.dropLast()) }
        return words.joined(separator: " ")
    }

    private static func padded(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.count)) + text
    }

    /// Seconds since 1970 as `2026-01-31T12:00:00Z`, by the rules of the Gregorian calendar.
    package static func time(_ seconds: UInt64) -> String {
        // Beyond the year 9999 nothing is a time.
        let seconds = Int(min(seconds, 253_402_300_799))
        var year = 1970
        var days = seconds / 86_400
        func isLeap(_ year: Int) -> Bool { year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) }
        while days >= (isLeap(year) ? 366 : 365) {
            days -= isLeap(year) ? 366 : 365
            year += 1
        }
        var month = 0
        let lengths = [31, isLeap(year) ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        while days >= lengths[month] {
            days -= lengths[month]
            month += 1
        }
        func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        let day = seconds % 86_400
        return "\(year)-\(two(month + 1))-\(two(days + 1))T\(two(day / 3600)):\(two(day / 60 % 60)):\(two(day % 60))Z"
    }
}

extension String {
    /// The same without what a terminal obeys: a document from elsewhere may hold it.
    package var printable: String {
        String(String.UnicodeScalarView(unicodeScalars.map { $0.properties.generalCategory == .control ? "?" : $0 }))
    }
}
