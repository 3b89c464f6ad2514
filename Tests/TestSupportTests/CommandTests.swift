// Commands, temporary folders, ports and certificates behave as their comments say.

import Foundation
import TestSupport
import Testing

@Suite struct CommandTests {
    @Test("a command gets its input and environment and gives what it printed")
    func output() async throws {
        let result = try await Command.run(
            ["sh", "-c", "cat; echo $WORD >&2; exit 3"], env: ["WORD": "given"], input: Data("in".utf8))
        #expect(result.status == 3)
        #expect(result.text == "in")
        #expect(result.errorText == "given\n")
    }

    @Test("a command that runs too long is killed with what it started")
    func timeout() async throws {
        let folder = try TemporaryFolder()
        await #expect(throws: SupportError.self) {
            try await Command.run(
                ["sh", "-c", "sleep 600 & echo $! > pid; wait"], folder: folder.path, timeout: .seconds(5))
        }
        let pid = try #require(
            pid_t(String(contentsOfFile: folder.file("pid"), encoding: .utf8).trimmingCharacters(in: .newlines)))
        // The killed process may still be waiting for its new parent to collect it: state Z or gone, never S.
        let state = try await Command.run(["ps", "-o", "stat=", "-p", "\(pid)"]).text
        #expect(!state.hasPrefix("S"))
    }

    @Test("what a process leaves behind is removed at its end, and nothing else")
    func sweep() async throws {
        let folder = try TemporaryFolder()
        for name in ["own-1/deep", "own-2", "other"] { _ = try folder.folder(name) }
        try folder.write("own-1/deep/file", "text")
        let sweeper = try FolderSweeper(prefix: folder.file("own-"))
        try await Task.sleep(for: .milliseconds(300))
        func names() throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() }
        #expect(try names() == ["other", "own-1", "own-2"])
        sweeper.sweepNow()
        for _ in 0..<600 where try names().count > 1 { try await Task.sleep(for: .milliseconds(50)) }
        #expect(try names() == ["other"])
    }

    @Test("a check that fails says what was printed")
    func check() async throws {
        let error = await #expect(throws: SupportError.self) {
            try await Command.check(["sh", "-c", "echo reason >&2; exit 1"])
        }
        #expect(error?.description.contains("reason") == true)
    }

    @Test("a missing program is named")
    func missing() async throws {
        let result = try await Command.run(["no-such-program-here"])
        #expect(result.status != 0)
        #expect(result.errorText.contains("no-such-program-here"))
    }

    @Test("a folder goes away with its owner")
    func folder() throws {
        var folder: TemporaryFolder? = try TemporaryFolder()
        let path = try #require(folder?.path)
        try folder?.write("file", "text")
        #expect(FileManager.default.fileExists(atPath: path))
        folder = nil
        #expect(!FileManager.default.fileExists(atPath: path))
    }

    @Test("ports are given once")
    func ports() throws {
        let ports = try (0..<50).map { _ in try FreePort.take() }
        #expect(Set(ports).count == 50)
    }

    @Test("the server and the client certificate are the authority's")
    func certificates() async throws {
        let certificates = try await Certificates.make()
        for file in [certificates.serverCertificate, certificates.clientCertificate] {
            try await Command.check(["openssl", "verify", "-CAfile", certificates.authority, file])
        }
    }
}
