// The command line: what is wrong usage, what is a failure, and what each is told.

import ArgumentParser
import DeclaredAdapter
import Foundation
import Testing

@testable import fairlead

@Suite("The command line")
struct CommandLineTests {
    /// How `arguments` end when they are parsed and, for commands that start nothing, run.
    private func ending(_ arguments: [String]) -> (text: String, code: Int32) {
        do {
            var command = try Fairlead.parseAsRoot(arguments)
            if let serve = command as? ServeCommand {
                try serve.requireSource()
            } else if let conform = command as? ConformRunCommand {
                try conform.requireSubject()
            } else {
                try command.run()
            }
            return ("", 0)
        } catch {
            return Main.ending(for: error)
        }
    }

    @Test("the version and help are no errors, and every help has examples")
    func help() {
        #expect(ending(["--version"]).text == fairleadVersion)
        let adapters = ["list", "show", "capabilities"].map { ["adapters", $0, "--help"] }
        let conform =
            ["run", "diff", "matrix", "manifest"].map { ["conform", $0, "--help"] } + [["conform", "--help"]]
        for arguments in [["--help"], ["serve", "--help"], ["check", "--help"], ["adapters", "--help"]] + adapters
            + conform
        {
            let (text, code) = ending(arguments)
            #expect(code == 0)
            #expect(text.contains("EXAMPLES"))
        }
    }

    @Test(
        "wrong usage ends with 2 and says what is right",
        arguments: [
            (["check"], "fairlead check fairlead.yaml"),
            (["serve", "--config", "f", "--s3", "1=http://h"], "not from both"),
            (["serve", "--workers", "many", "--s3", "1=http://h"], "--workers"),
            (["serve", "--confg", "f"], "--confg"),
            (["check"], "See 'fairlead check --help'"),
            (["serve", "--data", "d", "--s3", "1=http://h"], "embedded:FOLDER"),
            (["sreve"], "sreve"),
            (["conform"], "fairlead conform redis://127.0.0.1:6379"),
            (["conform", "house-kv"], "--config FILE"),
            (["conform", "redis://h", "--config", "f"], "a backend's name"),
            (["conform", "redis://h", "--url", "tcp://h:1"], "name the adapter"),
            (["conform", "redis://h", "--adapter", "memcached"], "leave out TARGET"),
            (["conform", "redis://h", "--jobs", "0"], "1 to 256"),
            (["conform", "diff", "a.json"], "B.json"),
        ])
    func usage(arguments: [String], expected: String) {
        let (text, code) = ending(arguments)
        #expect(code == 2)
        #expect(text.contains(expected), "\(text)")
    }

    @Test("a configuration that is wrong ends check with 1, a right one with 0")
    func check() {
        #expect(ending(["check", "/nonexistent.yaml"]).code == 1)
        #expect(ending(["check", "--redis", "6380=postgres://h"]).code == 1)
        #expect(ending(["check", "--redis", "6380=redis://h", "--admin", "6380"]).code == 1)
        #expect(ending(["check", "--redis", "6380=redis://h", "--admin", "9900"]).code == 0)
        #expect(ending(["check", "--keys"]).code == 0)
    }

    @Test("check knows the adapters, their settings, and which clients they are for")
    func adapters() {
        #expect(ending(["check", "--redis", "6390=memcached+tcp://127.0.0.1:11211"]).code == 0)
        #expect(ending(["check", "--redis", "6390=memcashed+tcp://127.0.0.1:11211"]).code == 1)
        #expect(ending(["check", "--redis", "6390=memcached+http://127.0.0.1:11211"]).code == 1)
        #expect(ending(["check", "--postgres", "6432=memcached+tcp://127.0.0.1:11211"]).code == 1)
        #expect(ending(["check", "--s3", "9001=nats+tcp://127.0.0.1:4222"]).code == 1)
    }

    @Test("what adapters new prints passes adapters check, and mistakes end it with 1")
    func adapterFiles() throws {
        let path = NSTemporaryDirectory() + "fairlead-\(UUID().uuidString).yaml"
        defer { try? FileManager.default.removeItem(atPath: path) }
        try StarterFile.text("house").write(toFile: path, atomically: true, encoding: .utf8)
        #expect(ending(["adapters", "check", path]).code == 0)
        #expect(ending(["adapters", "show", path]).code == 0)
        try StarterFile.text("house").replacing("framing:", with: "fraiming:")
            .write(toFile: path, atomically: true, encoding: .utf8)
        #expect(ending(["adapters", "check", path]).code == 1)
        #expect(ending(["adapters", "show", path]).code == 1)
        #expect(ending(["adapters", "new", "no/name"]).code == 2)
        #expect(ending(["adapters", "list"]).code == 0)
    }

    @Test("listeners may be given many times, and the design's quick start is accepted")
    func serve() {
        let arguments = [
            "serve", "--redis", "6380=redis://127.0.0.1:6379", "--postgres", "6432=postgres://127.0.0.1:5432",
            "--s3", "9001=http://127.0.0.1:9000", "--redis", "6390=redis://127.0.0.1:6391",
        ]
        #expect(ending(arguments).code == 0)
        #expect(ending(["serve"]).code == 0)
    }

    @Test("a listener's line says where it listens, what it speaks and where it leads")
    func line() {
        let line = ListenerLine(
            name: "cache", protocolName: "redis", addresses: ["127.0.0.1:6380", "unix:/run/c.sock"],
            destination: "main (redis://127.0.0.1:6379)")
        #expect(line.description == "cache: redis on 127.0.0.1:6380, unix:/run/c.sock -> main (redis://127.0.0.1:6379)")
    }
}
