// The page of all capabilities, made from the descriptions.

/// Composes `adapters/CAPABILITIES.md`.
public enum CapabilityPage {
    /// The whole page as Markdown.
    public static func markdown() -> String {
        var lines = [
            "# Capabilities", "",
            "Made by `fairlead adapters capabilities` from Sources/Capabilities/Vocabulary; a test holds this page to it.",
            "", "A manifest says of each capability how it is provided:", "", "| support | meaning |", "|---|---|",
            "| `native` | the backend does it itself |",
            "| `emulated` | the adapter, or the gateway, does it with other capabilities |",
            "| `ignored` | accepted without effect, if the configuration agrees, and counted |",
            "| `refused` | answered with an error that names it; so is everything that a manifest does not mention |",
            "",
            "It can set bounds: \(BoundKind.allCases.map { "`\($0.rawValue)`" }.joined(separator: ", ")). And it can take promises back:",
            "", "| weakening | meaning |", "|---|---|",
        ]
        lines += Weakening.allCases.map { "| `\($0.rawValue)` | \($0.summary) |" }
        for family in CapabilityFamily.allCases {
            lines += ["", "## \(family.rawValue)", "", family.summary, "", "Asked for by \(family.requests)", ""]
            lines += ["| capability | what it does | takes | gives | promises | bounds |", "|---|---|---|---|---|---|"]
            for capability in Capability.allCases where capability.family == family {
                let text = capability.description
                let bounds = text.bounds.map { "`\($0.rawValue)`" }.joined(separator: ", ")
                lines.append(
                    "| `\(capability.name)` | \(text.summary) | \(text.inputs) | \(text.outputs) | \(text.guarantees) | \(bounds) |"
                )
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }
}
