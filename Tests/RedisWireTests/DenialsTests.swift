// Which commands are denied by which entries, without a server.

import Testing
import Wire

@testable import RedisWire

@Suite("commands that are denied")
struct DenialsTests {
    private static func denied(_ entries: [String], _ words: String...) -> Bool? {
        let bytes = Array("*\(words.count)\r\n".utf8) + words.flatMap { Array("$\($0.utf8.count)\r\n\($0)\r\n".utf8) }
        guard case .whole(let whole) = RedisWholeCommand.find(in: bytes.span, at: 0) else { return nil }
        let denials = RedisDenials(entries.compactMap(RedisDenials.Entry.init))
        let byWords = denials.deny(
            whole.command, name: Array(words[0].utf8), first: words.count > 1 ? Array(words[1].utf8) : nil)
        let byBytes = denials.deny(whole, in: bytes.span)
        return byWords == byBytes ? byBytes : nil
    }

    @Test("are found by name, by subcommand, and when nobody knows them")
    func found() {
        let entries = ["FLUSHALL", "config set", "Client|Kill", "FT.SEARCH", "graph.query explain"]
        #expect(Self.denied(entries, "flushall") == true)
        #expect(Self.denied(entries, "FLUSHALL", "ASYNC") == true)
        #expect(Self.denied(entries, "flushdb") == false)
        #expect(Self.denied(entries, "CONFIG", "SET", "a", "b") == true)
        #expect(Self.denied(entries, "CONFIG", "set\0x") == true)
        #expect(Self.denied(entries, "CONFIG", "GET", "set") == false)
        #expect(Self.denied(entries, "CONFIG") == false)
        #expect(Self.denied(entries, "client", "kill", "ID", "1") == true)
        #expect(Self.denied(entries, "ft.search", "i") == true)
        #expect(Self.denied(entries, "ft.searc", "i") == false)
        #expect(Self.denied(entries, "GRAPH.QUERY", "EXPLAIN") == true)
        #expect(Self.denied(entries, "GRAPH.QUERY", "x") == false)
        let long = "a." + String(repeating: "x", count: 40)
        #expect(Self.denied([long], long.uppercased()) == true)
        #expect(Self.denied([long], long + "y") == false)
        #expect(Self.denied([], "GET", "a") == false)
    }

    @Test(
        "are named by one or two printable words",
        arguments: [
            ("FLUSHALL", "flushall"), ("config  SET", "config set"), ("acl|setuser", "acl setuser"), ("", nil),
            ("a b c", nil), ("a\0b", nil), ("ä", nil), (String(repeating: "x", count: 129), nil), ("|", nil),
        ])
    func entries(text: String, expected: String?) {
        #expect(RedisDenials.Entry(text)?.description == expected)
    }
}
