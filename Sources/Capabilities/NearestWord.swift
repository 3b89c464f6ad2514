// The nearest known word to a misspelt one, for messages about files that people write.

/// Finds what a misspelt word was probably meant to be.
package enum NearestWord {
    /// The candidate nearest to `word`, or nil when none is near enough to be meant.
    ///
    /// A third of the letters may be wrong, and a word that another one begins with counts as near.
    package static func to(_ word: String, among candidates: some Sequence<String>) -> String? {
        let ranked = candidates.map { (word: $0, distance: distance(word.lowercased(), $0.lowercased())) }
        guard let best = ranked.min(by: { ($0.distance, $0.word) < ($1.distance, $1.word) }) else { return nil }
        if best.distance <= max(1, max(word.count, best.word.count) / 3) { return best.word }
        return ranked.first { word.count > 2 && ($0.word.hasPrefix(word) || word.hasPrefix($0.word)) }?.word
    }

    /// A clause that names the nearest candidate, or nothing: ` (did you mean "listen"?)`.
    package static func clause(for word: String, among candidates: some Sequence<String>) -> String {
        to(word, among: candidates).map { " (did you mean \"\($0)\"?)" } ?? ""
    }

    /// Damerau-Levenshtein distance with adjacent swaps: the number of single-letter edits from one word to the other.
    private static func distance(_ left: String, _ right: String) -> Int {
        let (a, b) = (Array(left), Array(right))
        var rows = [Array(0...b.count)]
        for i in a.indices {
            var row = [i + 1]
            for j in b.indices {
                var cost = min(rows[i][j + 1] + 1, row[j] + 1, rows[i][j] + (a[i] == b[j] ? 0 : 1))
                if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { cost = min(cost, rows[i - 1][j - 1] + 1) }
                row.append(cost)
            }
            rows.append(row)
        }
        return rows[a.count][b.count]
    }
}
