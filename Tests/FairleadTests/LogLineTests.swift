// Log lines: what people and machines read, and what must not get through.

import FoundationEssentials
import Gateway
import Logging
import Testing

@testable import fairlead

@Suite("A log line")
struct LogLineTests {
    private func line(_ message: String, _ metadata: Logger.Metadata = [:]) -> LogLine {
        LogLine(time: "2026-11-23T15:00:00.007Z", level: .info, message: message, metadata: metadata)
    }

    @Test("text has time, level, message and sorted metadata, quoted where needed")
    func text() {
        #expect(
            line("session closed", ["session": "1.42", "cause": "peer gone", "bytes": "\(7)", "empty": ""]).text
                == "2026-11-23T15:00:00.007Z INFO     session closed bytes=7 cause=\"peer gone\" empty=\"\" session=1.42"
        )
    }

    @Test("JSON is one object that a parser reads, with metadata beside the message")
    func json() throws {
        let metadata: Logger.Metadata = [
            "session": "1.42", "count": .stringConvertible(3), "tls": .stringConvertible(true), "time": "mine",
            "list": ["a", "b\"c"], "map": ["k": "v\u{1}"],
        ]
        let text = line("he said \"hi\"\nand \\ left\u{7f}", metadata).json
        #expect(
            text
                == #"{"time":"2026-11-23T15:00:00.007Z","level":"info","message":"he said \"hi\"\nand \\ left\u007f","count":3,"#
                + #""list":["a","b\"c"],"map":{"k":"v\u0001"},"session":"1.42","_time":"mine","tls":true}"#)
        struct Fields: Decodable {
            var message: String
            var count: Int
            var tls: Bool
            var list: [String]
        }
        let fields = try JSONDecoder().decode(Fields.self, from: Data(text.utf8))
        #expect(fields.message == "he said \"hi\"\nand \\ left\u{7f}")
        #expect(fields.count == 3 && fields.tls && fields.list == ["a", "b\"c"])
    }

    @Test("a peer cannot forge a second line or move the cursor")
    func forged() {
        let hostile = "x\n2026 ERROR forged\u{1b}[2J"
        for text in [line(hostile, ["user": .string(hostile)]).text, line(hostile, ["user": .string(hostile)]).json] {
            #expect(!text.unicodeScalars.contains(where: JSONText.isControl))
        }
    }

    @Test(
        "metadata whose key announces a secret is removed",
        arguments: ["password", "db_Password", "authorization", "x-token"])
    func secrets(key: String) {
        let line = line("login", [key: "hunter2"])
        #expect(!line.text.contains("hunter2") && !line.json.contains("hunter2"))
        #expect(line.text.contains("\(key)=[removed]"))
    }

    @Test(
        "times are UTC with milliseconds",
        arguments: [
            (0, 0, "1970-01-01T00:00:00.000Z"), (1_709_210_096, 7_999_999, "2024-02-29T12:34:56.007Z"),
        ])
    func timestamp(seconds: Int, nanoseconds: Int, expected: String) {
        #expect(StandardErrorLogHandler.timestamp(seconds: seconds, nanoseconds: nanoseconds) == expected)
    }

    @Test("the call's metadata stands over the provider's, and the provider's over the logger's")
    func metadataOrder() {
        var handler = StandardErrorLogHandler(
            level: .info, writesJSON: true,
            metadataProvider: Logger.MetadataProvider { ["a": "provider", "b": "provider"] })
        for key in ["a", "b", "c"] { handler[metadataKey: key] = "logger" }
        let event = LogEvent(
            level: .info, message: "m", metadata: ["a": "call"], source: "s", file: "f", function: "f", line: 1)
        #expect(handler.line(for: event, time: "t").metadata == ["a": "call", "b": "provider", "c": "logger"])
    }

    @Test("auto is JSON unless a person reads along")
    func format() {
        #expect(LogBootstrap.writesJSON(.auto, isTerminal: false))
        #expect(!LogBootstrap.writesJSON(.auto, isTerminal: true))
        #expect(LogBootstrap.writesJSON(.json, isTerminal: true))
        #expect(!LogBootstrap.writesJSON(.text, isTerminal: false))
    }
}
