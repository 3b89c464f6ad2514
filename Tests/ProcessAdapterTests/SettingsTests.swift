// The settings of an adapter process.

import Capabilities
import Testing

@testable import ProcessAdapter

@Suite("The settings of an adapter process")
struct SettingsTests {
    private func settings(_ url: String?, _ options: [String: String] = [:]) throws -> ProcessSettings {
        try ProcessSettings(AdapterSettings(backend: "house", url: url, options: options))
    }

    @Test("all of them")
    func all() throws {
        let options = [
            "dialect": "dapr", "timeout": "1500ms", "calls": "7", "message-bytes": "2048", "metadata.host": "h",
            "metadata.a.b": "c",
        ]
        let settings = try settings("unix:///run/a.sock", options)
        #expect(settings.path == "/run/a.sock" && settings.dialect == .dapr && settings.timeout == 1500)
        #expect(settings.calls == 7 && settings.messageBytes == 2048)
        #expect(settings.metadata == ["host": "h", "a.b": "c"])
        #expect(try self.settings("unix:/a", ["timeout": "2s"]).timeout == 2000)
    }

    @Test(
        "a mistake is told by its key",
        arguments: [
            (nil, [:], "url"), ("tcp://x:1", [:], "url"), ("unix:a.sock", [:], "url"),
            ("unix:/" + String(repeating: "a", count: 107), [:], "url"),
            ("unix:/a", ["dialect": "french"], "options.dialect"), ("unix:/a", ["timeout": "5"], "options.timeout"),
            ("unix:/a", ["timeout": "0ms"], "options.timeout"), ("unix:/a", ["timeout": "601s"], "options.timeout"),
            ("unix:/a", ["timeout": "9223372036854775807s"], "options.timeout"),
            ("unix:/a", ["calls": "0"], "options.calls"), ("unix:/a", ["message-bytes": "x"], "options.message-bytes"),
            ("unix:/a", ["metadata.": "x"], "options.metadata."), ("unix:/a", ["tls": "on"], "options.tls"),
        ] as [(String?, [String: String], String)])
    func mistakes(url: String?, options: [String: String], key: String) {
        #expect {
            try settings(url, options)
        } throws: { error in
            (error as? AdapterError)?.key == key
        }
    }

    @Test("the adapter dapr speaks Dapr only")
    func dapr() throws {
        let settings = AdapterSettings(backend: "b", url: "unix:/a", options: ["dialect": "fairlead"])
        #expect(throws: AdapterError.self) { try AdapterKind.dapr.make(settings) }
        #expect(throws: Never.self) { try AdapterKind.process.make(settings) }
    }
}
