// What the command reader makes of a client's bytes, whichever way they arrive.

import Testing
import Wire

@testable import RedisWire

/// What a reader said about some bytes: commands as their words, nothing as an empty list, and the error that ended it.
private struct Read: Equatable {
    var commands: [[[UInt8]]] = []
    var error: RedisProtocolError?
    var isAtBoundary = true
}

private func read(_ input: [UInt8], cutAt cuts: [Int], isAuthenticated: Bool) -> Read {
    var reader = RedisCommandReader(bulkLimit: Limit("tests", 1_000_000, source: "the tests"))
    reader.isAuthenticated = isAuthenticated
    var read = Read()
    var start = 0
    for end in cuts + [input.count] {
        let piece = Array(input[start..<end])
        start = end
        var offset = 0
        do throws(RedisProtocolError) {
            while let event = try reader.next(piece.span, at: &offset) {
                read.commands.append(event == .commandRead ? [reader.line.name] + reader.line.arguments : [])
            }
        } catch {
            read.error = error
            return read
        }
    }
    read.isAtBoundary = reader.isAtBoundary
    return read
}

/// Reads `input` whole, byte by byte and at random splits, requires the same of each, and returns it.
private func readEveryWay(_ input: [UInt8], isAuthenticated: Bool = true) -> Read {
    let whole = read(input, cutAt: [], isAuthenticated: isAuthenticated)
    #expect(read(input, cutAt: Array(0..<input.count), isAuthenticated: isAuthenticated) == whole, "byte by byte")
    var generator = SeededGenerator(state: 0xC0FFEE + UInt64(input.count))
    for _ in 0..<8 {
        let cuts = (0..<Int.random(in: 1...5, using: &generator))
            .map { _ in Int.random(in: 0...input.count, using: &generator) }.sorted()
        #expect(read(input, cutAt: cuts, isAuthenticated: isAuthenticated) == whole, "cut at \(cuts)")
    }
    return whole
}

private func commands(_ input: String) -> [[String]] {
    readEveryWay(Array(input.utf8)).commands.map { $0.map { String(decoding: $0, as: UTF8.self) } }
}

private func protocolError(_ input: String, isAuthenticated: Bool = true) -> String? {
    readEveryWay(Array(input.utf8), isAuthenticated: isAuthenticated).error.map {
        String(decoding: $0.reply, as: UTF8.self)
    }
}

@Suite("Reading commands with their arguments")
struct CommandReaderTests {
    @Test("arguments are the bytes of the bulk strings, empty ones too")
    func arguments() {
        let input = "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$0\r\n\r\n*1\r\n$4\r\nPING\r\n"
        #expect(commands(input) == [["SET", "k", ""], ["PING"]])
    }

    @Test("a value may hold anything, line ends and zeros too")
    func binary() {
        let value: [UInt8] = [0, 13, 10, 255, 42]
        let input = Array("*2\r\n$4\r\nECHO\r\n$5\r\n".utf8) + value + [13, 10]
        #expect(readEveryWay(input).commands == [[Array("ECHO".utf8), value]])
    }

    @Test("inline commands and RESP commands take turns, with quotes and escapes undone")
    func inline() {
        #expect(
            commands("SET a \"x \\x41\\n\"\r\n*1\r\n$4\r\nPING\r\nset b 'it\\'s' \"\"\nGET a\r\n") == [
                ["SET", "a", "x A\n"], ["PING"], ["set", "b", "it's", ""], ["GET", "a"],
            ])
    }

    @Test("a count of zero or less, and a blank line, are nothing", arguments: ["*0\r\n", "*-1\r\n", "\r\n", "  \n"])
    func nothing(_ input: String) {
        #expect(commands(input + "PING\r\n") == [[], ["PING"]])
    }

    @Test("a command is known by its name in any case")
    func known() {
        var reader = RedisCommandReader()
        let bytes = Array("gEt k\r\n".utf8)
        var offset = 0
        #expect(throws: Never.self) { try reader.next(bytes.span, at: &offset) }
        #expect(reader.line.command == RedisCommand("get"))
        #expect(RedisCommandLine([Array("averyveryverylongcommandname".utf8)]).command == .unknown)
    }

    @Test(
        "what the server refuses is refused in its words",
        arguments: [
            ("*1\r\n+PING\r\n", "expected '$', got '+'"), ("*abc\r\n", "invalid multibulk length"),
            ("*2147483648\r\n", "invalid multibulk length"), ("*\r\n", "invalid multibulk length"),
            ("*99999999999999999999\r\n", "invalid multibulk length"), ("*1\r\n$abc\r\n", "invalid bulk length"),
            ("*1\r\n$-1\r\n", "invalid bulk length"), ("*1\r\n$1000001\r\n", "invalid bulk length"),
            ("*1\r\n$9223372036854775807\r\n", "invalid bulk length"),
            ("SET a \"x\r\n", "unbalanced quotes in request"),
            ("SET a 'x'y\r\n", "unbalanced quotes in request"),
        ])
    func refused(_ input: String, _ text: String) {
        #expect(protocolError(input) == "ERR Protocol error: \(text)")
    }

    @Test("the commands before a protocol error are read")
    func earlier() {
        let read = readEveryWay(Array("PING\r\n*1\r\n$2\r\nhi\r\n*x\r\n".utf8))
        #expect(read.commands.count == 2)
        #expect(read.error?.code.description == "multibulk-length")
    }

    @Test(
        "before a client has logged in, its commands have to be short",
        arguments: [
            ("*11\r\n", "unauthenticated multibulk length"), ("*1\r\n$16385\r\n", "unauthenticated bulk length"),
        ])
    func strangers(_ input: String, _ text: String) {
        #expect(protocolError(input, isAuthenticated: false) == "ERR Protocol error: \(text)")
        #expect(protocolError(input) == nil)
    }

    @Test(
        "a line without an end is given up after 64 KiB",
        arguments: [
            ("A", "too big inline request"), ("*1", "too big mbulk count string"),
            ("*1\r\n$1", "too big bulk count string"),
        ])
    func endless(_ start: String, _ text: String) {
        let input = Array(start.utf8) + [UInt8](repeating: 0x31, count: 66_000)
        #expect(read(input, cutAt: [], isAuthenticated: true).error?.reply == Array("ERR Protocol error: \(text)".utf8))
        #expect(read(input, cutAt: [40_000], isAuthenticated: true).error != nil)
    }

    @Test("a length that was only announced takes no memory")
    func announced() {
        var reader = RedisCommandReader()
        let bytes = Array("*2\r\n$3\r\nSET\r\n$500000000\r\nx".utf8)
        var offset = 0
        #expect(throws: Never.self) { try reader.next(bytes.span, at: &offset) }
        #expect(offset == bytes.count && !reader.isAtBoundary)
        #expect(reader.line.arguments.allSatisfy { $0.capacity < 4096 })
    }

    @Test("one command may not hold more than a client may have waiting, and is told nothing")
    func queryBuffer() {
        var reader = RedisCommandReader(bulkLimit: Limit("tests", .max, source: "the tests"))
        let bytes = Array("*2\r\n$3\r\nSET\r\n$1073741825\r\n".utf8)
        #expect(throws: RedisProtocolError.queryBuffer) {
            var offset = 0
            _ = try reader.next(bytes.span, at: &offset)
        }
        #expect(RedisProtocolError.queryBuffer.reply.isEmpty)
    }

    @Test("no bytes whatever make the reader trap")
    func noise() {
        var generator = SeededGenerator(state: 7)
        let alphabet = Array("*$0123456789-\r\n\"'\\x PINGet\0".utf8)
        for _ in 0..<2000 {
            let count = Int.random(in: 1...60, using: &generator)
            let input = (0..<count).map { _ in alphabet[Int.random(in: 0..<alphabet.count, using: &generator)] }
            _ = readEveryWay(input)
        }
    }
}
