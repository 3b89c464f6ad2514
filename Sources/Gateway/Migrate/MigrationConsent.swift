// What an operator agrees to with an order, beyond what it does anyway.

import Migration

/// What goes on in spite of what was found.
package struct MigrationConsent: Equatable, Sendable {
    /// Another place serves although the two are not level, or with what it cannot hold missing.
    package var force = false
    /// What stays behind.
    package var leaving: Set<MigrationLoss> = []
    /// Uploads in progress that were begun at least so many seconds ago are given up; nil: none.
    package var abortedAge: Int64?

    package init() {}

    /// Reads `force`, `leave=WORD,WORD` and `abort-uploads=SECONDS`, each at most once; nil for anything else.
    init?(_ words: some Sequence<String>) {
        var seen: Set<Substring> = []
        for word in words {
            let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard seen.insert(parts[0]).inserted else { return nil }
            switch (parts[0], parts.count) {
            case ("force", 1): force = true
            case ("leave", 2):
                guard let losses = Self.losses(String(parts[1])) else { return nil }
                leaving = losses
            case ("abort-uploads", 2):
                guard let age = Int64(parts[1]), age >= 0 else { return nil }
                abortedAge = age
            default: return nil
            }
        }
    }

    /// Whether `text` names kinds of losses, with commas between them.
    package static func isLosses(_ text: String) -> Bool { losses(text) != nil }

    private static func losses(_ text: String) -> Set<MigrationLoss>? {
        let words = text.split(separator: ",", omittingEmptySubsequences: false)
        let losses = words.compactMap { MigrationLoss(rawValue: String($0)) }
        return losses.count == words.count ? Set(losses) : nil
    }

    /// The words for all kinds of losses.
    package static var allLosses: String { MigrationLoss.allCases.words }

    /// Why a text is none that was expected.
    package struct Problem: Error { package let text: String }

    /// The seconds that an age such as `1h` stands for.
    package static func age(_ text: String) -> Result<Int64, Problem> {
        do throws(ValueError) {
            return .success(try DurationText.parse(text).components.seconds)
        } catch {
            return .failure(Problem(text: error.message))
        }
    }
}
