// Profiles as documents: what was written is read, and what is none is told.

import Foundation
import Testing

@testable import Usage

@Suite("a profile in a file")
struct ProfileFileTests {
    private static let profile = Profile(
        windows: ["a": [.init(start: 1, end: 2)]],
        applications: [
            Application(
                protocol: "redis", listener: "l", identity: ["name": "n"],
                features: ["redis.command.get": Feature(count: 1, first: 1, last: 2)],
                sizes: ["redis.key.bytes": SizeRanges(counts: [0, 3])], peaks: ["sessions": 4])
        ])

    private func folder() throws -> String {
        let path = NSTemporaryDirectory() + "/usage-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        return path
    }

    @Test("is read as it was written, and written whole or not at all")
    func roundTrip() throws {
        let folder = try folder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let file = ProfileFile(path: "\(folder)/usage.json")
        #expect(try file.read() == nil)
        try file.write(Profile())
        try file.write(Self.profile)
        #expect(try file.read() == Self.profile)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["usage.json"])
        let mode = try FileManager.default.attributesOfItem(atPath: file.path)[.posixPermissions] as? Int
        #expect(mode == 0o600)
        #expect(throws: ProfileError.self) { try ProfileFile(path: "\(folder)/none/usage.json").write(Self.profile) }
    }

    @Test(
        "is told apart from what is none",
        arguments: [
            "", "{", "[]", "{\"schema\": \"fairlead-usage/2\", \"windows\": {}, \"applications\": []}",
            "{\"schema\": \"fairlead-usage/1\"}",
            "{\"schema\": \"fairlead-usage/1\", \"windows\": {}, \"applications\": [{\"protocol\": 1}]}",
        ])
    func damaged(text: String) throws {
        #expect(throws: ProfileError.self) { try Profile(json: text) }
        let folder = try folder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let file = ProfileFile(path: "\(folder)/usage.json")
        try Data(text.utf8).write(to: URL(fileURLWithPath: file.path))
        #expect(throws: ProfileError.self) { try file.read() }
        #expect(file.putAside() == "\(folder)/usage.json.damaged")
        #expect(try file.read() == nil)
    }

    @Test("bounds what another has written")
    func bounds() throws {
        let text = """
            {"schema": "fairlead-usage/1", "windows": {}, "applications": [{"protocol": "redis", "listener": "l",
            "identity": {}, "features": {}, "peaks": {},
            "sizes": {"s": {"counts": [\(String(repeating: "1,", count: 5000))1]}}}]}
            """
        let sizes = try Profile(json: text).applications.first?.sizes["s"]
        #expect(sizes?.counts.count == SizeRanges.rangeCount)
    }

    @Test("is a text for people, with times of the calendar")
    func text() {
        let text = Self.profile.text()
        #expect(
            text.hasPrefix("seen by a from 1970-01-01T00:00:01Z to 1970-01-01T00:00:02Z\nWhat was not seen is unknown"))
        #expect(text.contains("\nname n (redis, listener l)\n  at most 4 sessions\n"))
        #expect(text.contains("redis.command.get  (last 1970-01-01T00:00:02Z)\n  redis.key.bytes: 1: 3\n"))
        #expect(Profile.time(951_782_400) == "2000-02-29T00:00:00Z")
        #expect(Profile.time(4_107_542_399) == "2100-02-28T23:59:59Z")
    }
}
