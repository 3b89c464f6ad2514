// `fairlead conform` for tests of adapters: one line holds a backend to its manifest.

/// Runs the suites that fit a target.
package enum Conform {
    /// Runs `fairlead conform` with `arguments`, and throws with what is worse than declared.
    ///
    ///     try await Conform.check("--adapter", "memcached", "--url", "tcp://127.0.0.1:\(port)")
    package static func check(_ arguments: String...) async throws {
        try await Command.check(
            [try Tools.fairlead, "conform"] + arguments,
            env: ["FAIRLEAD_SUITES": "\(Tools.repository)/conformance/suites"])
    }
}
