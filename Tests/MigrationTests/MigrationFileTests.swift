// The phase in the file is the old one or the new one, and a damaged file is never "no migration".

import Foundation
import Testing

@testable import Migration

@Suite("the state of a migration in a file")
struct MigrationFileTests {
    private static let record = MigrationRecord(listener: "cache", source: "old", target: "new", phase: .copying)

    private func folder() throws -> String {
        let path = NSTemporaryDirectory() + "/migration-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        return path
    }

    @Test("is read as it was written, and leaves nothing beside it")
    func roundTrip() throws {
        let folder = try folder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let file = MigrationFile(path: "\(folder)/cache.json")
        #expect(try file.read() == nil)
        // As many as are ever kept, with the longest names.
        let name = [UInt8](repeating: 0xFF, count: 1024)
        let kept = (0..<RefusedKeys<Int>.keyLimit).map { number in
            number % 2 == 0
                ? KeptKey(database: UInt32(number), name: name)
                : KeptKey(bucket: [UInt8](repeating: UInt8(ascii: "b"), count: 63), name: name)
        }
        for phase in MigrationPhase.allCases {
            var record = Self.record
            record.phase = phase
            record.leaving = phase == .cutOver ? [.versions, .storageClasses] : nil
            record.isPartial = phase == .cutOver ? true : nil
            record.kept = phase == .cutOver ? kept : nil
            record.isStopped = phase == .cutOver ? true : nil
            try file.write(record)
            #expect(try file.read() == record)
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["cache.json"])
    }

    @Test("is as it was when it cannot be replaced")
    func failure() throws {
        let folder = try folder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let file = MigrationFile(path: "\(folder)/cache.json")
        try file.write(Self.record)
        // A folder stands where the draft would be.
        try FileManager.default.createDirectory(atPath: "\(folder)/cache.json.new", withIntermediateDirectories: true)
        var next = Self.record
        next.phase = .cutOver
        #expect(throws: MigrationFileError.self) { try file.write(next) }
        #expect(try file.read() == Self.record)
    }

    @Test(
        "is an error when it is damaged, and is not written over",
        arguments: [
            "", "{", "{}",
            #"{"schema":"fairlead-migration/1","listener":"a","source":"b","target":"c","phase":"gone"}"#,
            #"{"schema":"fairlead-migration/1","listener":"a","source":"b","target":"c","phase":"copying","leaving":["all"]}"#,
            #"{"schema":"fairlead-migration/2","listener":"a","source":"b","target":"c","phase":"copying"}"#,
        ])
    func damaged(text: String) throws {
        let folder = try folder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let file = MigrationFile(path: "\(folder)/cache.json")
        try Data(text.utf8).write(to: URL(fileURLWithPath: file.path))
        #expect(throws: MigrationFileError.self) { try file.read() }
        #expect(throws: MigrationFileError.self) { try file.write(Self.record) }
        #expect(FileManager.default.contents(atPath: file.path) == Data(text.utf8))
    }

    @Test("is an error when it is no file, or too big for one")
    func odd() throws {
        let folder = try folder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        #expect(throws: MigrationFileError.self) { try MigrationFile(path: folder).read() }
        let path = "\(folder)/big"
        try Data(count: 3 << 20).write(to: URL(fileURLWithPath: path))
        #expect(throws: MigrationFileError.self) { try MigrationFile(path: path).read() }
    }
}
