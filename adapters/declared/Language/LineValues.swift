// How large a value may be that comes back inside a line: what is longer could be stored and never read.

import Capabilities

extension AdapterDescription {
    /// The most bytes of a value that a line of `framing.lines.longest` has room for; nil where values come otherwise.
    ///
    /// A value is written through a filter, and the server is taken to write it the same way. A quarter of the line at most is
    /// kept free for a name beside it.
    var longestLineValue: Int? {
        guard case .lines(_, let longest) = framing, !messages.contains(where: { $0.body != nil }) else { return nil }
        let room = max(0, longest - min(keys.longest, longest / 4) - 128)
        let names = [Input.value, .payload].map(\.spelling)
        var most: Int?
        for template in operations.flatMap(\.steps).compactMap(\.send).flatMap(\.templates) {
            for (name, filters) in template.placeholders where names.contains(name) && filters.last != .length {
                most = min(most ?? .max, Self.bytes(in: room, filters, payload))
            }
        }
        return most
    }

    /// How many bytes at least go into `room` of their code.
    private static func bytes(in room: Int, _ filters: [Filter], _ payload: Payload) -> Int {
        for filter in filters {
            switch filter {
            case .base64, .base64url: return room / 4 * 3
            case .hex, .escaped: return room / 2
            case .percent: return room / 3
            case .json: return room / 6
            default: continue
            }
        }
        // A control character becomes \u0000 in JSON.
        return payload == .json ? room / 6 : room
    }

    /// Bounds the capabilities that store values by what can be read back; a larger bound of the file is a mistake.
    mutating func boundLineValues(_ problems: ProblemList) {
        guard let most = longestLineValue else { return }
        for capability in Capability.allCases where capability.description.bounds.contains(.valueBytes) {
            var entry = manifest[capability]
            guard entry.support == .native || entry.support == .emulated else { continue }
            if let bound = entry.bounds[.valueBytes], bound > most, let place = capabilityPlaces[capability] {
                problems.add(
                    place,
                    "\(capability.name) declares values of \(bound) bytes, and a line of `framing: { lines: { longest: … } }` has room "
                        + "for \(most) as they are written: make `longest` larger, or the bound smaller")
            }
            entry.bounds[.valueBytes] = min(entry.bounds[.valueBytes] ?? .max, most)
            manifest[capability] = entry
        }
    }
}
