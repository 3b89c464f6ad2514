// Sets and sorted sets of declared adapters.

import Capabilities
import Testing

@testable import DeclaredAdapter

@Suite("Sets and sorted sets of declared adapters", .timeLimit(.minutes(1)))
struct SetTests {
    private let key = bytes("k")

    @Test("members are added, removed, told and taken")
    func sets() async throws {
        let all = "NAME 61\nNAME 62\nEND\n"
        let dialogue = Dialogue(
            file: StructureFile.sets,
            lines: [
                ("SADD k 61 62", "N 1\n"), ("SREM k 61", "N 1\n"), ("HAS k 61", "OK\n"), ("HAS k 61", "OK\n"),
                ("HAS k 63", "NONE\n"), ("MEMBERS k", all), ("MEMBERS k", all), ("MEMBERS k", all),
                ("MEMBERS k", all), ("SPOP k", "M 62\n"), ("SPOP k", "M 61\n"), ("SPOP k", "NONE\n"),
                ("SPOP k", "NONE\n"), ("SMOVE k t 61", "NONE\n"),
            ])
        try await dialogue.run { [key] rig in
            let (a, b, c) = (bytes("a"), bytes("b"), bytes("c"))
            #expect(await rig.set(.add(key: key, members: [a, b])) == .success(.integer(1)))
            #expect(await rig.set(.remove(key: key, members: [a])) == .success(.integer(1)))
            #expect(await rig.set(.contains(key: key, members: [a])) == .success(.list([.flag(true)])))
            #expect(
                await rig.set(.contains(key: key, members: [a, c])) == .success(.list([.flag(true), .flag(false)])))
            #expect(await rig.set(.members(key: key)) == .success(.texts("a", "b")))
            #expect(await rig.set(.count(key: key)) == .success(.integer(2)))
            #expect(
                await rig.set(.scan(key: key, cursor: 0, match: b, count: 1))
                    == .success(.page(cursor: 0, [.bytes(b)])))
            guard case .success(.list(let random)) = await rig.set(.random(key: key, count: 5)) else {
                Issue.record("no list")
                return
            }
            #expect(random.count == 2 && random.contains(.bytes(a)) && random.contains(.bytes(b)))
            #expect(await rig.set(.pop(key: key, count: 3)) == .success(.texts("b", "a")))
            #expect(await rig.set(.pop(key: key, count: nil)) == .success(.missing))
            #expect(await rig.set(.move(from: key, to: bytes("t"), member: a)) == .success(.flag(false)))
            let union = SetOperation.combine(.union, keys: [key], store: nil)
            #expect(await rig.set(union).refused == .setCombine)
        }
    }

    @Test("scores go out as the shortest text, and are counted, told and added to")
    func scores() async throws {
        let dialogue = Dialogue(
            file: StructureFile.sets,
            lines: [
                ("ZADD k 1 61", "OK\n"), ("ZADD k 2.5 62", "HELD\n"), ("ZUPD k -1e-07 61", "OK\n"),
                ("ZINCR k 0.5 61", "S 1.5\n"), ("ZSCORE k 61", "S -inf\n"), ("ZSCORE k 61", "S 1e3\n"),
                ("ZSCORE k 62", "NONE\n"), ("ZSCORE k 61", "S x\n"), ("ZRANK k 61", "N 4\n"),
                ("ZRANK k 61", "N 4\n"), ("ZSCORE k 61", "S 2\n"), ("ZREM k 61", "NONE\n"),
            ])
        try await dialogue.run { [key] rig in
            let (a, b) = (bytes("a"), bytes("b"))
            func add(_ members: [ScoredMember], _ fill: (inout SortedSetAddOptions) -> Void = { _ in })
                async -> Result<Answer, Failure>
            {
                var options = SortedSetAddOptions()
                fill(&options)
                return await rig.sorted(.add(key: key, members, options))
            }
            let both = [ScoredMember(a, score: 1), ScoredMember(b, score: 2.5)]
            #expect(await add(both) == .success(.integer(1)))
            #expect(await add([ScoredMember(a, score: -1e-7)]) { $0.onlyPresent = true } == .success(.integer(0)))
            #expect(await add([ScoredMember(a, score: 0.5)]) { $0.increments = true } == .success(.double(1.5)))
            // What the file does not say is refused, option by option, and nothing is sent.
            #expect(await add(both) { $0.onlyHigher = true }.refused == .sortedSetAdd)
            #expect(await add(both) { $0.onlyNew = true }.refused == .sortedSetAdd)
            #expect(await add(both) { $0.countsChanges = true }.refused == .sortedSetAdd)
            #expect(await add([ScoredMember(a, score: .infinity)]).refused == .sortedSetAdd)
            #expect(await rig.sorted(.scores(key: key, members: [a])) == .success(.list([.double(-.infinity)])))
            #expect(
                await rig.sorted(.scores(key: key, members: [a, b])) == .success(.list([.double(1000), .missing])))
            guard case .failure(.backend) = await rig.sorted(.scores(key: key, members: [a])) else {
                Issue.record("a score that is no number was taken")
                return
            }
            #expect(
                await rig.sorted(.rank(key: key, member: a, reversed: false, withScore: false))
                    == .success(.integer(4)))
            #expect(
                await rig.sorted(.rank(key: key, member: a, reversed: false, withScore: true))
                    == .success(.list([.integer(4), .double(2)])))
            #expect(
                await rig.sorted(.rank(key: key, member: a, reversed: true, withScore: false)).refused
                    == .sortedSetScore)
            #expect(await rig.sorted(.remove(key: key, members: [a])) == .success(.integer(0)))
        }
    }

    @Test("ranges by rank are the server's, those by score and by bytes are taken out of all members")
    func ranges() async throws {
        let all = "SCORED 1 61\nSCORED 2 62\nSCORED 2 63\nSCORED 7.5 64\nEND\n"
        let dialogue = Dialogue(
            file: StructureFile.sets,
            lines: [
                ("ZRANGE k 1 2", "SCORED 2 62\nSCORED 2 63\nEND\n"),
                ("ZRANGE k -2 -1", "SCORED 2 63\nSCORED 7.5 64\nEND\n"),
                ("ZRANGE k 0 -1", all), ("ZRANGE k 0 -1", all), ("ZRANGE k 0 -1", all), ("ZRANGE k 0 -1", all),
                ("ZPOPMAX k 2", "SCORED 7.5 64\nSCORED 2 63\nEND\n"), ("ZPOPMAX k 1", "END\n"),
            ])
        try await dialogue.run { [key] rig in
            func range(_ range: SortedSetRange, reversed: Bool = false, offset: Int64 = 0, limit: Int64 = -1) async
                -> String
            {
                let slice = SortedSetSlice(range, reversed: reversed, offset: offset, limit: limit)
                guard case .success(.scored(let members)) = await rig.sorted(.range(key: key, slice)) else {
                    return "-"
                }
                return members.map { String(decoding: $0.member, as: UTF8.self) }.joined()
            }
            #expect(await range(.ranks(first: 1, last: 2)) == "bc")
            #expect(await range(.ranks(first: 0, last: 1), reversed: true) == "dc")
            let scores = SortedSetRange.scores(from: ScoreBound(1, isExcluded: true), to: ScoreBound(.infinity))
            #expect(await range(scores) == "bcd")
            #expect(await range(scores, reversed: true, offset: 1, limit: 1) == "c")
            #expect(await range(.members(from: .excluded(bytes("a")), to: .included(bytes("c")))) == "bc")
            #expect(await rig.sorted(.countRange(key: key, scores)) == .success(.integer(3)))
            #expect(
                await rig.sorted(.pop(key: key, highest: true, count: 2))
                    == .success(.scored([ScoredMember(bytes("d"), score: 7.5), ScoredMember(bytes("c"), score: 2)])))
            #expect(await rig.sorted(.pop(key: key, highest: true, count: 1)) == .success(.scored([])))
            #expect(await rig.sorted(.pop(key: key, highest: false, count: 1)).refused == .sortedSetPop)
            #expect(await rig.sorted(.removeRange(key: key, scores)).refused == .sortedSetRemove)
        }
    }

    @Test("ranks that are taken out of all members are those of the server", arguments: [false, true])
    func slices(reversed: Bool) {
        let members = (0..<4).map { ScoredMember(bytes("\($0)"), score: Double($0)) }
        let ordered = reversed ? members.reversed() : members
        for first in -6...6 as ClosedRange<Int64> {
            for last in -6...6 as ClosedRange<Int64> {
                let start = max(0, first < 0 ? first + 4 : first)
                let end = min(3, last < 0 ? last + 4 : last)
                let expected = start <= end ? Array(ordered[Int(start)...Int(end)]) : []
                let slice = SortedSetSlice(.ranks(first: first, last: last), reversed: reversed)
                #expect(slice.applied(to: members) == expected, "\(first) to \(last)")
            }
        }
    }
}
