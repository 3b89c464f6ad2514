// What a target serves without, by name or not, and what of it comes to an end.

import Foundation
import Migration
import Testing

@testable import Gateway

@Suite("what the source alone holds")
struct MigrationRemainsTests {
    private static let zero = MigrationPart.database(0)
    private static let bucket = MigrationPart.bucket(Array("b".utf8))

    private static func refused(_ keys: [MigrationKey?]) -> RefusedKeys<MigrationKey> {
        var refused = RefusedKeys<MigrationKey>()
        for key in keys { refused.add(key, type: "stream", reason: "no") }
        return refused
    }

    @Test("is known by name where the two were level and each refusal was kept")
    func known() {
        let key = MigrationKey(part: Self.zero, name: [1])
        #expect(MigrationRemains(without: Self.refused([]), isLevel: true) == .nothing)
        #expect(MigrationRemains(without: Self.refused([key]), isLevel: true) == .keys([key]))
        #expect(MigrationRemains(without: Self.refused([key, nil]), isLevel: true) == .unknown)
        #expect(MigrationRemains(without: Self.refused([]), isLevel: false) == .unknown)
        #expect(MigrationRemains.nothing.count == 0 && MigrationRemains.unknown.count == nil)
    }

    @Test("is spared, with all of a bucket where that is what is kept, and nothing else is")
    func spared() {
        let names: [[UInt8]] = [[], [1], [2]]
        let one = MigrationRemains.keys([MigrationKey(part: Self.zero, name: [])])
        #expect(one.others(names, of: Self.zero) == [[1], [2]] && one.others(names, of: .database(1)) == names)
        let whole = MigrationRemains.keys([MigrationKey(part: Self.bucket, name: [])])
        #expect(whole.others(names, of: Self.bucket) == [] && whole.others(names, of: .bucket([])) == names)
        #expect(whole.touches(Self.bucket) && !whole.touches(Self.zero))
        #expect(MigrationRemains.nothing.others(names, of: Self.zero) == names)
        #expect(
            MigrationRemains.unknown.others(names, of: Self.zero) == [] && MigrationRemains.unknown.touches(Self.zero))
    }

    @Test("comes to an end with what is written anew")
    func settled() {
        var remains = MigrationRemains.keys([
            MigrationKey(part: Self.zero, name: [1]), MigrationKey(part: Self.bucket, name: [1]),
        ])
        let other = remains.settle([[2]], of: Self.zero)
        let one = remains.settle([[1], [2]], of: Self.zero)
        #expect(!other && one && remains.count == 1)
        let last = remains.settle([[1]], of: Self.bucket)
        #expect(last && remains == .nothing)
        var unknown = MigrationRemains.unknown
        let any = unknown.settle([[1]], of: Self.zero)
        #expect(!any && unknown == .unknown)
    }

    @Test("is the same when it comes from the file")
    func file() {
        let keys: Set<MigrationKey> = [
            MigrationKey(part: .database(3), name: [0xFF]), MigrationKey(part: Self.bucket, name: []),
        ]
        func read(_ isPartial: Bool?, _ kept: [KeptKey]?) -> MigrationRemains {
            MigrationRemains(
                MigrationRecord(
                    listener: "a", source: "b", target: "c", phase: .cutOver, isPartial: isPartial, kept: kept))
        }
        #expect(read(true, keys.map(\.kept)) == .keys(keys))
        #expect(read(true, nil) == .unknown && read(nil, nil) == .nothing && MigrationRemains(nil) == .nothing)
    }
}
