// The cursors of scans.

import Testing

@testable import DeclaredAdapter

@Suite("Cursors of scans on declared adapters")
struct ScanCursorTests {
    @Test("a cursor can be asked again, and goes when many others have come")
    func bound() {
        let cursors = ScanCursors()
        let first = cursors.open(at: [1])
        #expect(cursors[first] == [1] && cursors[first] == [1])
        #expect(cursors[0] == nil && cursors[first + 1] == nil)
        for _ in 1..<ScanCursors.limit { _ = cursors.open(at: [2]) }
        #expect(cursors[first] == [1])
        #expect(cursors.open(at: [3]) == first + UInt64(ScanCursors.limit))
        #expect(cursors[first] == nil && cursors[first + 1] == [2])
    }

    @Test("two stores of cursors do not take each other's for their own")
    func apart() {
        let (one, other) = (ScanCursors(), ScanCursors())
        #expect(other[one.open(at: [1])] == nil)
    }
}
