// The line that tells about one listener: where it listens, what it speaks, where it leads.

/// One listener as `check` and a start of `serve` print it.
struct ListenerLine: CustomStringConvertible {
    var name: String
    var protocolName: String
    var addresses: [String]
    var destination: String

    var description: String {
        "\(name): \(protocolName) on \(addresses.joined(separator: ", ")) -> \(destination)"
    }
}
