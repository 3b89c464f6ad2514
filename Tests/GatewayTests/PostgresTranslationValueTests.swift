// Values between PostgreSQL's formats and the backend's, statements that are the session's own, and settings.

import Capabilities
import PostgresWire
import Testing

@testable import Gateway

@Suite("PostgreSQL values")
struct PostgresTranslationValueTests {
    private func write(_ value: SQLValue, _ type: SQLType, modifier: Int32 = -1, binary: Bool) throws -> [UInt8] {
        var bytes: [UInt8] = []
        _ = try PostgresValueWriter.append(value, SQLColumn("c", type, modifier: modifier), binary: binary, to: &bytes)
        return bytes
    }

    private func text(_ value: SQLValue, _ type: SQLType, modifier: Int32 = -1) throws -> String {
        String(decoding: try write(value, type, modifier: modifier, binary: false), as: UTF8.self)
    }

    @Test(
        "a value that is written in either format is read back the same",
        arguments: [
            (SQLValue.integer(-5), SQLType.int16), (.integer(7), .int32), (.integer(1 << 40), .int64),
            (.integer(1), .boolean),
            (.double(1.5), .float64), (.double(0.25), .float32), (.integer(12), .numeric),
            (.double(-12345.678), .numeric),
            (.double(0.00012), .numeric), (.integer(100_000_000), .numeric), (.text("héllo"), .text),
            (.bytes([0, 255, 92]), .bytes),
            (.text("2024-02-29 12:30:01.25"), .timestamp), (.text("1999-12-31 23:59:59+00"), .timestampWithZone),
            (.text("2024-02-29"), .date), (.text("01:02:03.000001"), .time), (.text("{\"a\": 1}"), .jsonb),
            (.text("12345678-1234-5678-1234-567812345678"), .uuid),
        ])
    func roundTrip(_ value: SQLValue, _ type: SQLType) throws {
        for binary in [false, true] {
            let bytes = try write(value, type, binary: binary)
            #expect(try PostgresValueReader.value(bytes, type, binary: binary, number: 1) == value, "binary: \(binary)")
        }
    }

    @Test("numbers have PostgreSQL's text")
    func numbers() throws {
        #expect(try text(.double(1), .float64) == "1")
        #expect(try text(.double(1e20), .float64) == "1e+20")
        #expect(try text(.double(1e-5), .float64) == "1e-05")
        #expect(try text(.double(123456789012345), .float64) == "123456789012345")
        #expect(try text(.double(0.0001), .float64) == "0.0001")
        #expect(try text(.double(2.5), .numeric, modifier: 10 << 16 | 2 + 4) == "2.50")
        #expect(try text(.integer(2), .numeric, modifier: 10 << 16 | 2 + 4) == "2.00")
        #expect(try text(.double(1e15), .numeric) == "1000000000000000")
        #expect(try text(.integer(.min), .int64) == "-9223372036854775808")
        #expect(try text(.integer(0), .boolean) == "f")
    }

    @Test(
        "text that is none of the type is refused with the server's code",
        arguments: [
            ("abc", SQLType.int32, "22P02"), ("", .int32, "22P02"), ("3000000000", .int32, "22003"),
            ("maybe", .boolean, "22P02"),
            ("2024-02-30", .date, "22008"), ("25:00:00", .time, "22008"), ("2024-02-30x", .date, "22007"),
            ("x", .float64, "22P02"),
            ("0x10", .float64, "22P02"),
            ("12345678901234567.5", .numeric, "0A000"), ("zz", .uuid, "22P02"), ("\\xz", .bytes, "22023"),
        ])
    func badText(_ text: String, _ type: SQLType, _ state: String) {
        #expect(throws: SQLFailure.self) {
            try PostgresValueReader.value(Array(text.utf8), type, binary: false, number: 1)
        }
        do {
            _ = try PostgresValueReader.value(Array(text.utf8), type, binary: false, number: 1)
        } catch {
            #expect(error.state == state)
        }
    }

    @Test("binary values of any bytes are read or refused, and never trap")
    func anyBytes() {
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<500 {
            let bytes = (0..<Int.random(in: 0...24, using: &generator)).map { _ in
                UInt8.random(in: 0...255, using: &generator)
            }
            for type in SQLType.allCases {
                _ = try? PostgresValueReader.value(bytes, type, binary: true, number: 1)
                _ = try? PostgresValueReader.value(bytes, type, binary: false, number: 1)
                _ = try? PostgresArrayReader.text(bytes, type, number: 1)
            }
        }
    }

    @Test("a number in binary has digits below ten thousand and a sign that there is")
    func binaryNumbers() throws {
        func state(_ words: [UInt16]) -> String {
            let bytes = words.flatMap { [UInt8($0 >> 8), UInt8($0 & 0xFF)] }
            do throws(SQLFailure) {
                _ = try PostgresValueReader.value(bytes, .numeric, binary: true, number: 1)
                return "00000"
            } catch {
                return error.state
            }
        }
        #expect(state([1, 0, 0, 0, 9_999]) == "00000")
        #expect(state([1, 0, 0, 0, 10_000]) == "22P03")
        #expect(state([2, 0, 0, 4, 1, 0xFFFF]) == "22P03")
        #expect(state([1, 0, 0x1234, 0, 1]) == "22P03")
        #expect(state([0, 0, 0xC000, 0]) == "0A000")
    }

    @Test("an item of an array that is shorter than NULL is none")
    func shortItems() throws {
        func state(_ length: UInt8) -> String {
            let head: [UInt8] = [0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 23, 0, 0, 0, 1, 0, 0, 0, 1]
            do throws(SQLFailure) {
                _ = try PostgresArrayReader.text(head + [255, 255, 255, length], .int32, number: 1)
                return "00000"
            } catch {
                return error.state
            }
        }
        #expect(state(255) == "00000")
        #expect(state(251) == "22P03")
        #expect(state(254) == "22P03")
    }

    @Test("an array in binary becomes its text")
    func arrays() throws {
        let bytes: [UInt8] = [
            0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 25, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2, 97, 34, 255, 255, 255, 255,
        ]
        #expect(try PostgresArrayReader.text(bytes, .text, number: 1) == .text("{\"a\\\"\",NULL}"))
    }
}

@Suite("Statements that are the session's own")
struct PostgresTranslationStatementTests {
    private func kind(_ sql: String) throws -> PostgresStatementKind {
        let bytes = Array(sql.utf8)
        return try PostgresStatementReader.kind(try SQLLexer.tokens(bytes), bytes)
    }

    @Test("transaction statements are read with their modes")
    func transactions() throws {
        guard case .begin(.serializable?, true?) = try kind("start transaction isolation level serializable, read only")
        else {
            Issue.record("not understood")
            return
        }
        guard case .rollBackTo("s") = try kind("rollback work to savepoint s") else {
            Issue.record("not understood")
            return
        }
        guard case .commit(chains: true) = try kind("end and chain") else {
            Issue.record("not understood")
            return
        }
        #expect(throws: SQLFailure.self) { try kind("begin nonsense") }
    }

    @Test("COPY is read in its new and its old spelling, and files are refused")
    func copy() throws {
        guard case .copy(let command) = try kind("copy s.t (a, \"B\") from stdin with (format csv, header, null 'x')"),
            case .table(let name, let columns) = command.source
        else {
            Issue.record("not understood")
            return
        }
        #expect(name == SQLName("t", schema: "s"))
        #expect(columns == ["a", "B"])
        #expect(command.isIn && command.format.isCSV && command.format.hasHeader)
        #expect(command.format.null == Array("x".utf8))
        guard case .copy(let old) = try kind("copy (select 1) to stdout csv delimiter ';'") else {
            Issue.record("not understood")
            return
        }
        #expect(old.format.delimiter == UInt8(ascii: ";"))
        #expect(throws: SQLFailure.self) { try kind("copy t from '/etc/passwd'") }
        #expect(throws: SQLFailure.self) { try kind("copy t to program 'x'") }
    }

    @Test("settings that would change what statements mean are refused, harmless ones are kept")
    func settings() throws {
        var settings = PostgresSettings(user: "u", database: "d", backend: "b", Manifest(adapter: "a"))
        try settings.set("application_name", "x")
        #expect(try settings.show("application_name").value == "x")
        try settings.set("my.own", "1")
        #expect(try settings.show("MY.OWN").value == "1")
        for (name, value, state) in [
            ("standard_conforming_strings", "off", "0A000"), ("client_encoding", "latin1", "0A000"),
            ("timezone", "Europe/Berlin", "0A000"), ("search_path", "other", "0A000"), ("nope", "1", "42704"),
            ("server_version", "1", "55P02"), ("statement_timeout", "soon", "22023"),
        ] {
            do {
                try settings.set(name, value)
                Issue.record("taken: \(name)")
            } catch {
                #expect(error.state == state, "\(name)")
            }
        }
        try settings.set("statement_timeout", "2s")
        #expect(settings.timeouts.statementMilliseconds == 2000)
        settings.resetAll()
        #expect(settings.timeouts.statementMilliseconds == 0)
    }

    @Test("a DateStyle that is not done is refused at the start of a session too")
    func dateStyleAtStart() throws {
        var settings = PostgresSettings(user: "u", database: "d", backend: "b", Manifest(adapter: "a"))
        try settings.set("DateStyle", "ISO", atStart: true)
        #expect(throws: PostgresReport.self) { try settings.set("DateStyle", "German", atStart: true) }
        #expect(throws: PostgresReport.self) { try settings.set("DateStyle", "ISO, DMY", atStart: true) }
        #expect(try settings.show("datestyle").value == "ISO, MDY")
    }
}
