// Which options hold what nobody should read.

/// Tells by an option's name whether its value is a secret: adapters name their options themselves.
package enum SecretNames {
    package static func hides(_ option: String) -> Bool {
        ["password", "secret", "token", "credential"].contains { option.lowercased().contains($0) }
    }
}
