// Hashes, lists, sets and sorted sets: the operation that each command becomes, or the server's own error.

import Capabilities
import Testing

@testable import Gateway

@Suite("Redis commands on collections become operations")
struct RedisTranslationCollectionTests {
    private let k = bytes("k")
    private let m = bytes("m")

    @Test("a blocking command waits for milliseconds, and not at all in a transaction")
    func waiting() {
        func pop(_ wait: Wait?) -> RedisTranslation {
            .perform(.list(.popFirst(keys: [k, m], .left, count: 1, wait: wait)), .takenFirst)
        }
        #expect(translated("BLPOP k m 0.5") == pop(Wait(milliseconds: 500)))
        #expect(translated("BLPOP k m 0") == pop(Wait(milliseconds: 0)))
        #expect(translated("BLPOP k m 0", mayWait: false) == pop(nil))
        #expect(refusal("BLPOP k x") == "ERR timeout is not a float or out of range")
        #expect(refusal("BLPOP k -1") == "ERR timeout is negative")
        #expect(refusal("BLMPOP 0 1 k LEFT COUNT 0") == "ERR count should be greater than 0")
    }

    @Test("LPOS and LMPOP take their options")
    func listOptions() {
        #expect(
            translated("LPOS k m RANK -2 COUNT 0 MAXLEN 9")
                == .perform(.list(.position(key: k, value: m, rank: -2, count: 0, limit: 9)), .array))
        #expect(refusal("LPOS k m RANK 0").hasPrefix("ERR RANK can't be zero"))
        #expect(
            translated("LMPOP 1 k RIGHT COUNT 3")
                == .perform(.list(.popFirst(keys: [k], .right, count: 3, wait: nil)), .taken))
        #expect(refusal("LMPOP 0 k LEFT") == "ERR numkeys should be greater than 0")
        #expect(refusal("LMPOP 2 k LEFT") == "ERR syntax error")
        #expect(refusal("LMPOP 1 k LEFT COUNT 1 COUNT 1") == "ERR syntax error")
        #expect(refusal("LSET k x m") == "after a look: ERR value is not an integer or out of range")
    }

    @Test("ZADD takes its options together, and no two that exclude each other")
    func add() {
        var options = SortedSetAddOptions()
        options.onlyPresent = true
        options.onlyHigher = true
        options.countsChanges = true
        #expect(
            translated("ZADD k XX GT CH 1.5 m")
                == .perform(.sortedSet(.add(key: k, [ScoredMember(m, score: 1.5)], options)), .integer))
        #expect(refusal("ZADD k NX XX 1 m") == "ERR XX and NX options at the same time are not compatible")
        #expect(refusal("ZADD k NX GT 1 m") == "ERR GT, LT, and/or NX options at the same time are not compatible")
        #expect(refusal("ZADD k INCR 1 m 2 n") == "ERR INCR option supports a single increment-element pair")
        for score in ["x", "nan", "1e400", "1e-400", "1x"] {
            #expect(refusal("ZADD k \(score) m") == "ERR value is not a valid float", "\(score)")
        }
        #expect(refusal("ZADD k 1 m 2") == "ERR syntax error")
    }

    private func slice(_ words: String) -> SortedSetSlice? {
        guard case .perform(.sortedSet(.range(_, let slice)), _) = translated(words) else { return nil }
        return slice
    }

    @Test("ZRANGE in its three kinds and two directions")
    func range() {
        let scores = SortedSetRange.scores(from: ScoreBound(1, isExcluded: true), to: ScoreBound(.infinity))
        #expect(slice("ZRANGE k 0 -1") == SortedSetSlice(.ranks(first: 0, last: -1)))
        #expect(slice("ZRANGE k 0 -1 REV") == SortedSetSlice(.ranks(first: 0, last: -1), reversed: true))
        #expect(slice("ZRANGEBYSCORE k (1 inf") == SortedSetSlice(scores))
        #expect(slice("ZREVRANGEBYSCORE k inf (1") == SortedSetSlice(scores, reversed: true))
        #expect(
            slice("ZRANGE k inf (1 BYSCORE REV LIMIT 2 3")
                == SortedSetSlice(scores, reversed: true, offset: 2, limit: 3))
        #expect(
            slice("ZRANGE k [m + BYLEX") == SortedSetSlice(.members(from: .included(m), to: .highest)))
        #expect(
            slice("ZRANGEBYSCORE k (1 inf LIMIT -1 5") == SortedSetSlice(scores, offset: 0, limit: 0),
            "a negative offset never begins")
    }

    @Test("ranges that make no sense are refused in the server's words")
    func rangeErrors() {
        #expect(refusal("ZRANGE k 0 1 LIMIT 0 1").contains("LIMIT is only supported"))
        #expect(refusal("ZRANGE k - + BYLEX WITHSCORES").contains("WITHSCORES not supported"))
        #expect(refusal("ZRANGE k x 1 BYSCORE") == "ERR min or max is not a float")
        #expect(refusal("ZRANGEBYLEX k a b") == "ERR min or max not valid string range item")
        #expect(refusal("ZREVRANGE k 0 1 REV") == "ERR syntax error")
        #expect(refusal("ZRANGE k 0 1 BYLEX BYSCORE") == "ERR syntax error")
    }

    @Test("what combines sets looks at the keys before it looks at the options")
    func combine() {
        #expect(
            translated("ZUNIONSTORE d 1 k WEIGHTS 2 AGGREGATE MAX")
                == .perform(
                    .sortedSet(
                        .combine(.union, keys: [k], weights: [2], aggregate: .maximum, store: bytes("d"))), .integer))
        #expect(refusal("ZUNION 1 k FOO") == "after a look: ERR syntax error")
        #expect(refusal("ZDIFF 1 k WEIGHTS 1") == "after a look: ERR syntax error")
        #expect(refusal("ZINTER 0 k") == "ERR at least 1 input key is needed for 'zinter' command")
        #expect(refusal("ZINTERCARD 1 k LIMIT -1") == "after a look: ERR LIMIT can't be negative")
        #expect(refusal("SINTERCARD 2 k") == "ERR Number of keys can't be greater than number of args")
    }

    @Test("a random pick with repetition is bounded, because nothing else bounds the reply")
    func randomPicks() {
        #expect(refusal("SRANDMEMBER k -1048576") == "ERR value is out of range")
        #expect(refusal("HRANDFIELD k 1 FOO") == "ERR syntax error")
        #expect(refusal("ZRANDMEMBER k -9223372036854775808").hasPrefix("ERR value is out of range, value must"))
    }

    @Test("replies have the server's shapes in both versions")
    func shapes() {
        let pair = Answer.pairs([Pair(bytes("f"), bytes("v"))])
        #expect(replies("HGETALL k", pair) == ["*2\r\n$1\r\nf\r\n$1\r\nv\r\n", "%1\r\n$1\r\nf\r\n$1\r\nv\r\n"])
        #expect(
            replies("HRANDFIELD k 1 WITHVALUES", pair) == [
                "*2\r\n$1\r\nf\r\n$1\r\nv\r\n", "*1\r\n*2\r\n$1\r\nf\r\n$1\r\nv\r\n",
            ])
        #expect(replies("SMEMBERS k", .list([.bytes(m)])) == ["*1\r\n$1\r\nm\r\n", "~1\r\n$1\r\nm\r\n"])
        let scored = Answer.scored([ScoredMember(m, score: 0.1)])
        let (two, three) = ("$1\r\nm\r\n$19\r\n0.10000000000000001\r\n", "$1\r\nm\r\n,0.10000000000000001\r\n")
        #expect(replies("ZRANGE k 0 1 WITHSCORES", scored) == ["*2\r\n" + two, "*1\r\n*2\r\n" + three])
        #expect(replies("ZPOPMIN k", scored) == ["*2\r\n" + two, "*2\r\n" + three])
        #expect(replies("ZMPOP 1 k MIN", .taken(key: k, scored))[0] == "*2\r\n$1\r\nk\r\n*1\r\n*2\r\n" + two)
        #expect(replies("BZPOPMIN k 0", .taken(key: k, scored))[1] == "*3\r\n$1\r\nk\r\n" + three)
        #expect(replies("LPOP k 1", .missing) == ["*-1\r\n", "_\r\n"])
        #expect(replies("BLMOVE k m LEFT LEFT 1", .missing) == ["*-1\r\n", "_\r\n"])
        #expect(replies("ZSCORE k m", .list([.missing])) == ["$-1\r\n", "_\r\n"])
        #expect(replies("SISMEMBER k m", .list([.flag(true)])) == [":1\r\n", ":1\r\n"])
    }
}
