// What is known of keys while they are written at two servers.

import Testing

@testable import Gateway

@Suite("the keys of a shadow")
struct ShadowKeysTests {
    private let key: [UInt64] = [7]

    @Test("one write after the other keeps a key the same")
    func quiet() {
        var keys = ShadowKeys(isStaleByDefault: false)
        for _ in 0..<3 {
            let start = keys.begin(key)
            #expect(keys.isWritten(key))
            keys.end(key, began: start, .shadowed(isWhole: false))
        }
        #expect(!keys.isStale(key) && !keys.isWritten(key) && !keys.hasStale)
    }

    @Test(
        "two writes at once leave nobody knowing which was last, whichever is answered first", arguments: [true, false])
    func raced(inOrder: Bool) {
        var keys = ShadowKeys(isStaleByDefault: false)
        let first = keys.begin(key)
        let second = keys.begin(key)
        keys.end(key, began: inOrder ? first : second, .shadowed(isWhole: true))
        #expect(keys.isStale(key))
        keys.end(key, began: inOrder ? second : first, .shadowed(isWhole: true))
        #expect(keys.isStale(key))
        // A third, alone, that does not depend on what is there.
        let third = keys.begin(key)
        keys.end(key, began: third, .shadowed(isWhole: true))
        #expect(!keys.isStale(key))
    }

    @Test("three writes that overlap one another in a chain are all raced")
    func chain() {
        var keys = ShadowKeys(isStaleByDefault: false)
        let first = keys.begin(key)
        let second = keys.begin(key)
        keys.end(key, began: first, .shadowed(isWhole: true))
        let third = keys.begin(key)
        keys.end(key, began: second, .shadowed(isWhole: true))
        keys.end(key, began: third, .shadowed(isWhole: true))
        #expect(keys.isStale(key))
    }

    @Test("a write that did not get there is made good by a whole one only")
    func lost() {
        var keys = ShadowKeys(isStaleByDefault: false)
        keys.end(key, began: keys.begin(key), .lost)
        #expect(keys.isStale(key) && keys.hasStale)
        keys.end(key, began: keys.begin(key), .shadowed(isWhole: false))
        #expect(keys.isStale(key))
        keys.end(key, began: keys.begin(key), .shadowed(isWhole: true))
        #expect(!keys.isStale(key))
    }

    @Test("a reply says nothing where the servers held something else before, or another wrote meanwhile")
    func reliable() {
        var keys = ShadowKeys(isStaleByDefault: false)
        func write() -> Bool { keys.end(key, began: keys.begin(key), .shadowed(isWhole: true)) }
        let first = write()
        keys.markStale(key)
        // What it leaves is the same on both; what it answers, such as DEL, is not.
        let second = write()
        let third = write()
        #expect([first, second, third] == [true, false, true])
        let one = keys.begin(key)
        let other = keys.begin(key)
        let isOtherReliable = keys.end(key, began: other, .shadowed(isWhole: true))
        let isOneReliable = keys.end(key, began: one, .shadowed(isWhole: true))
        #expect(!isOneReliable && !isOtherReliable)
    }

    @Test("a scratch place holds nothing until something whole was written there")
    func scratch() {
        var keys = ShadowKeys(isStaleByDefault: true)
        #expect(keys.isStale(key))
        keys.end(key, began: keys.begin(key), .shadowed(isWhole: false))
        #expect(keys.isStale(key))
        keys.end(key, began: keys.begin(key), .shadowed(isWhole: true))
        #expect(!keys.isStale(key))
        keys.markAllStale()
        #expect(keys.isStale(key))
    }

    @Test("a session that cannot be followed makes everything doubtful until after it has gone")
    func blind() {
        var keys = ShadowKeys(isStaleByDefault: false)
        keys.addBlindSession()
        #expect(keys.isStale(key))
        keys.end(key, began: keys.begin(key), .shadowed(isWhole: true))
        #expect(keys.isStale(key))
        keys.removeBlindSession()
        #expect(keys.isStale(key))
        keys.end(key, began: keys.begin(key), .shadowed(isWhole: true))
        #expect(!keys.isStale(key))
    }

    @Test("a version changes with the beginning and the end of a write")
    func versions() {
        var keys = ShadowKeys(isStaleByDefault: false)
        let before = keys.version(key)
        let start = keys.begin(key)
        let during = keys.version(key)
        keys.end(key, began: start, .shadowed(isWhole: true))
        #expect(before != during && during != keys.version(key))
    }

    @Test("what is forgotten for want of room is taken to differ")
    func bounded() {
        var keys = ShadowKeys(isStaleByDefault: false)
        for key in 0...UInt64(ShadowKeys.limit) { keys.markStale([key]) }
        #expect(keys.isStaleByDefault)
        #expect(keys.isStale([0]) && keys.isStale([UInt64(ShadowKeys.limit)]))
    }

    @Test("of what was written at one time only the order is in doubt, and of what was lost everything")
    func doubts() {
        for isStaleByDefault in [false, true] {
            var keys = ShadowKeys(isStaleByDefault: isStaleByDefault)
            keys.markSame(7)
            let first = keys.begin(key)
            let second = keys.begin(key)
            keys.end(key, began: first, .shadowed(isWhole: false))
            keys.end(key, began: second, .shadowed(isWhole: false))
            #expect(keys.isStale(key) && !keys.isLost(key))
            keys.end(key, began: keys.begin(key), .lost)
            #expect(keys.isLost(key))
            keys.markSame(7)
            #expect(!keys.isStale(key) && !keys.isLost(key))
            keys.markAllStale()
            #expect(keys.isLost(key))
        }
    }

    @Test("what is one is in doubt as a whole")
    func together() {
        var keys = ShadowKeys(isStaleByDefault: false)
        let one = keys.begin([1, 2])
        let other = keys.begin([2])
        let isReliable = keys.end([1, 2], began: one, .shadowed(isWhole: false), .ofAll(isKnown: false))
        #expect(!isReliable && keys.isStale([1]))
        keys.end([2], began: other, .shadowed(isWhole: false))
        // And where something was met that is none of its keys.
        let third = keys.begin([3])
        let isThird = keys.end([3], began: third, .shadowed(isWhole: false), .ofAll(isKnown: true))
        #expect(!isThird && keys.isStale([3]) && !keys.isLost([3]))
    }

    @Test("while somebody writes nobody knows what, nothing is quiet")
    func wide() {
        var keys = ShadowKeys(isStaleByDefault: false)
        #expect(keys.isQuiet(7))
        let time = keys.mark()
        keys.beginWide()
        #expect(!keys.isQuiet(7) && keys.isTouched(key, since: time) && keys.isLost(key))
        keys.markSame(7)
        keys.endWide()
        #expect(keys.isQuiet(7) && keys.isLost(key))
    }
}
