// Keys are shown as they are where they are text, and harmlessly where not.

import Testing

@testable import Gateway

@Suite("a key in words for the operator")
struct MigrationKeyLabelTests {
    @Test("is its text, and never steers a terminal")
    func text() {
        func label(_ key: String, database: UInt32 = 0) -> String {
            MigrationKeyLabel.text(Array(key.utf8), database: database)
        }
        #expect(label("s") == "'s'" && label("käse", database: 3) == "'käse' of database 3")
        #expect(label("a\u{1B}[2J\n") == "'a\\x1b[2J\\x0a'")
        #expect(MigrationKeyLabel.text([0xFF, 0x41], database: 0) == "'\\xffA'")
        #expect(label(String(repeating: "k", count: 65)) == "'\(String(repeating: "k", count: 64))...'")
    }
}
