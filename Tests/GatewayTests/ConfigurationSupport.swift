// What the configuration tests share: reading a text, and the problems of a bad one.

import Testing

@testable import Gateway

/// Reads `text` as the file `f.yaml`.
func configuration(_ text: String) throws -> Configuration {
    try ConfigurationFile.parse(text, source: "f.yaml", folder: "/etc/fairlead")
}

/// The problems of `text`, one line each; a text without problems fails the test.
func problems(_ text: String, checkingFiles: Bool = false) -> [String] {
    do {
        _ = try ConfigurationFile.parse(text, source: "f.yaml", folder: "/etc/fairlead", checkingFiles: checkingFiles)
        Issue.record("expected problems, got none")
        return []
    } catch {
        return error.problems.map(\.description)
    }
}

/// One listener and one backend of one protocol, with further lines for each.
func pair(_ wire: String, _ url: String, listener: String = "", backend: String = "") -> String {
    """
    listeners:
      a:
        protocol: \(wire)
        listen: 6380
        backend: b
    \(indented(listener))
    backends:
      b:
        url: \(url)
    \(indented(backend))
    """
}

private func indented(_ text: String) -> String {
    text.split(separator: "\n").map { "    \($0)" }.joined(separator: "\n")
}
