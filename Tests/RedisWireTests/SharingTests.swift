// Which commands share a connection, where whole commands are found, and what pins a client.

import Testing
import Wire

@testable import RedisWire

@Suite("commands that many clients send on one connection")
struct SharingTests {
    private static func command(_ words: [String]) -> [UInt8] {
        Array("*\(words.count)\r\n".utf8) + words.flatMap { Array("$\($0.utf8.count)\r\n\($0)\r\n".utf8) }
    }

    private static func find(_ text: String, at start: Int = 0) -> RedisWholeCommand.Finding {
        let bytes = Array(text.utf8)
        return RedisWholeCommand.find(in: bytes.span, at: start)
    }

    private static func sharing(_ words: String...) -> RedisSharing? {
        let bytes = command(words)
        guard case .whole(let whole) = RedisWholeCommand.find(in: bytes.span, at: 0) else { return nil }
        return RedisSharing.of(whole, in: bytes.span)
    }

    @Test("a whole command is found where it lies, and a part of one is waited for")
    func finding() {
        let bytes = Self.command(["SET", "key", "a\r\nb"])
        let padded = [0x2A, 0x2A] + bytes
        guard case .whole(let whole) = RedisWholeCommand.find(in: padded.span, at: 2) else {
            Issue.record("not found")
            return
        }
        #expect(whole.command == RedisCommand("set"))
        #expect(whole.argumentCount == 3)
        #expect(whole.range == 2..<padded.count)
        #expect(whole.value(1, in: padded.span) == Array("key".utf8))
        #expect(whole.value(2, in: padded.span) == Array("a\r\nb".utf8))
        #expect(whole.argument(3, in: padded.span) == nil)
        for length in 0..<bytes.count {
            let part = Array(bytes[..<length])
            #expect(RedisWholeCommand.find(in: part.span, at: 0) == .partial, "\(length) bytes")
        }
    }

    @Test(
        "what only a lenient server reads is irregular",
        arguments: [
            "PING\r\n", "\r\n", "*0\r\n", "*-1\r\n", "*01\r\n$4\r\nPING\r\n", "*1\r\n$04\r\nPING\r\n",
            "*1\rx$4\r\nPING\r\n", "*1\r\n$4\r\nPINGxx", "*1\r\n$4\rxPING\r\n", "*+1\r\n$4\r\nPING\r\n",
            "*1\r\n$-1\r\n", "*1\r\nPING\r\n", "*99999999999\r\n", "*2147483648\r\n", "*1\r\n$99999999999\r\n", "*\r\n",
            "*131073\r\n", "*2\r\n$4\r\nECHO\r\n$131073\r\n",
        ])
    func irregular(_ text: String) { #expect(Self.find(text) == .irregular) }

    @Test("an option or a subcommand ends at its first zero byte, as the server compares it")
    func zeroBytes() {
        let tail = "\0" + String(repeating: "x", count: 30)
        for end in ["\0", "\07", tail] {
            #expect(Self.sharing("XREAD", "block\(end)", "0", "STREAMS", "s", "$") == .alone)
            #expect(Self.sharing("XREADGROUP", "GROUP", "g", "c", "BLOCK\(end)", "0", "STREAMS", "s", ">") == .alone)
            #expect(Self.sharing("CLIENT", "KILL\(end)", "ID", "3") == .alone)
            #expect(Self.sharing("SCRIPT", "KILL\(end)") == .alone)
        }
        #expect(Self.sharing("XREAD", "bloc\0k", "0", "STREAMS", "s", "$") == .shared)
        // A name is looked up by all of its bytes, and what is not known is kept apart.
        #expect(Self.sharing("GET\0", "k") == .keeps)
    }

    @Test("only an unknown name with a zero byte is ambiguous")
    func ambiguousNames() {
        func isAmbiguous(_ words: String...) -> Bool? {
            let bytes = Self.command(words)
            guard case .whole(let whole) = RedisWholeCommand.find(in: bytes.span, at: 0) else { return nil }
            return whole.isNameAmbiguous(in: bytes.span)
        }
        #expect(isAmbiguous("AUTH\085", "u", "p") == true)
        #expect(isAmbiguous("\0") == true)
        #expect(isAmbiguous("AUTH", "u\0", "p") == false)
        #expect(isAmbiguous("FOO.BAR", "a\0") == false)
    }

    @Test("lengths up to the bound are waited for")
    func lengths() {
        #expect(Self.find("*131072\r\n$131072\r\nx") == .partial)
    }

    @Test("every command is on the side where it belongs")
    func sides() {
        #expect(Self.sharing("GET", "a") == .shared)
        #expect(Self.sharing("eval", "return 1", "0") == .shared)
        #expect(Self.sharing("SCRIPT", "LOAD", "x") == .shared)
        #expect(Self.sharing("SCRIPT", "KILL") == .alone)
        #expect(Self.sharing("XREAD", "COUNT", "1", "STREAMS", "s", "0") == .shared)
        #expect(Self.sharing("XREAD", "COUNT", "1", "bLoCk", "0", "STREAMS", "s", "0") == .alone)
        #expect(Self.sharing("XREADGROUP", "GROUP", "g", "c", "BLOCK", "0", "STREAMS", "s", ">") == .alone)
        #expect(Self.sharing("XREADGROUP", "COUNT", "1", "GROUP", "streams", "c", "BLOCK", "0", "STREAMS") == .alone)
        #expect(Self.sharing("BLPOP", "a", "0") == .alone)
        #expect(Self.sharing("CLIENT", "KILL", "TYPE", "normal") == .alone)
        #expect(Self.sharing("CLIENT", "SETINFO", "lib-name", "x") == .pins)
        #expect(Self.sharing("CLIENT", "GETNAME") == .alone)
        #expect(Self.sharing("CLIENT", "ID") == .keeps)
        #expect(Self.sharing("CLIENT", "TRACKING", "ON") == .keeps)
        #expect(Self.sharing("CLIENT") == .keeps)
        #expect(Self.sharing("WAIT", "1", "0") == .keeps)
        #expect(Self.sharing("MULTI") == .pins)
        #expect(Self.sharing("FT.SEARCH", "i") == .keeps)
        #expect(Self.sharing("") == .keeps)
        #expect(RedisSharing.atMost(.client) == .keeps)
        #expect(RedisSharing.atMost(.xread) == .alone)
    }
}

@Suite("a client's own connection")
struct PinTests {
    /// A connection that follows what is said on it.
    private struct Talk {
        var pin = RedisPin(identity: RedisIdentity())
        private var requests = RedisRequestFramer()
        private var replies = RedisReplyFramer()

        mutating func send(_ words: String...) { send(words) }

        mutating func send(_ words: [String]) {
            let bytes =
                Array("*\(words.count)\r\n".utf8) + words.flatMap { Array("$\($0.utf8.count)\r\n\($0)\r\n".utf8) }
            guard case .whole(let whole) = RedisWholeCommand.find(in: bytes.span, at: 0) else { return }
            var offset = 0
            guard case .commandReceived(let request)? = try? requests.next(bytes.span, at: &offset) else { return }
            pin.sends(request, whole, in: bytes.span, at: 0)
        }

        mutating func answer(_ text: String) {
            let bytes = Array(text.utf8)
            var offset = 0
            var start = 0
            while let reply = try? replies.next(bytes.span, at: &offset) {
                let didNothing =
                    pin.isOnTrial && RedisErrorReply.saysNotUnderstood(bytes.span.extracting(start..<offset))
                _ = pin.receives(reply, didNothing: didNothing)
                start = offset
            }
        }

        mutating func say(_ words: [String], _ reply: String) {
            send(words)
            answer(reply)
        }

        var isFree: Bool { pin.holdsNothing && pin.pendingCount == 0 }
    }

    @Test(
        "a command that the server does not know leaves nothing behind",
        arguments: [
            "-ERR unknown command 'FT.NONE', with args beginning with: \r\n",
            "-ERR unknown subcommand 'MAINT_NOTIFICATIONS'. Try CLIENT HELP.\r\n",
            "-ERR Unknown subcommand or wrong number of arguments for 'X'. Try CLIENT HELP.\r\n",
            "-ERR wrong number of arguments for 'monitor' command\r\n",
        ])
    func notUnderstood(text: String) {
        for words in [["FT.NONE", "x"], ["CLIENT", "MAINT_NOTIFICATIONS", "ON"], ["MONITOR", "x"]] {
            var talk = Talk()
            talk.say(words, text)
            #expect(talk.isFree && !talk.pin.isMarked, "\(words)")
            // Behind others, and before others, in a pipeline.
            talk.send("GET", "a")
            talk.send(words)
            talk.send("GET", "b")
            talk.answer("$-1\r\n")
            talk.answer(text)
            talk.answer("$-1\r\n")
            #expect(talk.isFree, "\(words)")
            // The error is another command's.
            talk.send("GET", "a")
            talk.send(words)
            talk.answer(text)
            talk.answer("+OK\r\n")
            #expect(!talk.isFree && talk.pin.isMarked, "\(words)")
        }
        var talk = Talk()
        talk.say(["FT.NONE", "x"], "-ERR no such index\r\n")
        #expect(!talk.isFree)
        talk = Talk()
        talk.send("CLIENT", "SETNAME", "x")
        talk.send("FT.NONE", "x")
        talk.answer("+OK\r\n" + text)
        #expect(!talk.isFree && talk.pin.isMarked)
        talk = Talk()
        talk.say(["CLIENT", "REPLY", "SKIPP"], text)
        talk.say(["MULTI"], "+OK\r\n")
        talk.say(["FT.NONE", "x"], text)
        #expect(!talk.isFree)
    }

    @Test("a transaction pins until EXEC, a watch until EXEC or UNWATCH")
    func transactions() {
        var talk = Talk()
        talk.say(["WATCH", "a"], "+OK\r\n")
        #expect(!talk.isFree)
        talk.say(["UNWATCH"], "+OK\r\n")
        #expect(talk.isFree)
        talk.say(["WATCH", "a"], "+OK\r\n")
        talk.say(["MULTI"], "+OK\r\n")
        talk.say(["UNWATCH"], "+QUEUED\r\n")
        #expect(!talk.isFree)
        talk.say(["EXEC"], "*1\r\n+OK\r\n")
        #expect(talk.isFree)
        talk.say(["WATCH", "a"], "+OK\r\n")
        talk.say(["EXEC"], "-ERR EXEC without MULTI\r\n")
        #expect(!talk.isFree)
        talk.say(["RESET"], "+RESET\r\n")
        #expect(talk.isFree)
        #expect(talk.pin.isMarked)
    }

    @Test("subscriptions pin until the last has ended")
    func subscriptions() {
        var talk = Talk()
        talk.send("SUBSCRIBE", "a", "b")
        #expect(!talk.pin.holdsNothing)
        talk.answer("*3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n*3\r\n$9\r\nsubscribe\r\n$1\r\nb\r\n:2\r\n")
        #expect(!talk.isFree)
        talk.say(["UNSUBSCRIBE", "a"], "*3\r\n$11\r\nunsubscribe\r\n$1\r\na\r\n:1\r\n")
        #expect(!talk.isFree)
        talk.say(["UNSUBSCRIBE"], "*3\r\n$11\r\nunsubscribe\r\n$1\r\nb\r\n:0\r\n")
        #expect(talk.isFree)
    }

    @Test("what the server has accepted makes the identity, in order, and what it refused does not")
    func identity() {
        var talk = Talk()
        talk.send("AUTH", "ann", "secret")
        talk.send("SELECT", "3")
        talk.send("SELECT", "99")
        talk.send("HELLO", "3")
        #expect(talk.pin.identity.isInitial)
        talk.answer("+OK\r\n+OK\r\n-ERR DB index is out of range\r\n%0\r\n")
        #expect(talk.isFree)
        #expect(talk.pin.identity.login == .init(user: Array("ann".utf8), password: Array("secret".utf8)))
        #expect(talk.pin.identity.database == Array("3".utf8))
        #expect(talk.pin.identity.version == 3)
        let opening = talk.pin.identity.opening
        #expect(
            String(decoding: opening.commands, as: UTF8.self)
                == "*3\r\n$4\r\nAUTH\r\n$3\r\nann\r\n$6\r\nsecret\r\n*2\r\n$5\r\nHELLO\r\n$1\r\n3\r\n*2\r\n$6\r\nSELECT\r\n$1\r\n3\r\n"
        )
        #expect(opening.replies == 3)
        talk.say(["RESET"], "+RESET\r\n")
        #expect(talk.pin.identity.isInitial)
        #expect(talk.isFree)
    }

    @Test("SELECT in a transaction, and HELLO with a name, keep the connection until RESET")
    func uncertain() {
        for words in [["HELLO", "3", "SETNAME", "x"], ["SELECT", "01"], ["NOPE"], ["CLIENT", "ID"]] {
            var talk = Talk()
            talk.say(words, "+OK\r\n")
            #expect(!talk.pin.holdsNothing, "\(words)")
            talk.say(["RESET"], "+RESET\r\n")
            #expect(talk.isFree, "\(words)")
        }
        var talk = Talk()
        talk.say(["MULTI"], "+OK\r\n")
        talk.say(["SELECT", "1"], "+QUEUED\r\n")
        talk.say(["EXEC"], "*1\r\n+OK\r\n")
        #expect(!talk.pin.holdsNothing)
        #expect(talk.pin.identity.isInitial)
    }

    @Test("silenced replies keep the connection for good")
    func silenced() {
        var talk = Talk()
        talk.send("CLIENT", "REPLY", "OFF")
        talk.say(["RESET"], "+RESET\r\n")
        #expect(!talk.pin.holdsNothing)
    }

    @Test("ASKING pins for one command, READONLY until READWRITE")
    func cluster() {
        var talk = Talk()
        talk.say(["ASKING"], "+OK\r\n")
        #expect(!talk.isFree)
        talk.say(["GET", "a"], "$-1\r\n")
        #expect(talk.isFree)
        talk.say(["READONLY"], "+OK\r\n")
        talk.say(["GET", "a"], "$-1\r\n")
        #expect(!talk.isFree)
        talk.say(["READWRITE"], "+OK\r\n")
        #expect(talk.isFree)
    }

    @Test("a label is kept for the next connection when the server has taken it")
    func labels() {
        var talk = Talk()
        talk.send("CLIENT", "KILL", "ID", "9")
        talk.send("CLIENT", "SETINFO", "LIB-NAME", "x")
        talk.answer("-ERR No such client\r\n+OK\r\n")
        #expect(talk.pin.labels.count == 1)
        #expect(talk.isFree)
        #expect(talk.pin.isMarked)
        talk.say(["CLIENT", "SETINFO", "LIB-VER", "x"], "-ERR unknown subcommand\r\n")
        #expect(talk.pin.labels.count == 1)
    }
}
