// PING, HELLO, AUTH, SELECT, RESET and QUIT.

import Capabilities
import Digest
import RedisWire

extension RedisTranslator {
    /// Performs a command that concerns the session; it writes the reply, or several.
    func perform(_ action: RedisSessionCommand, _ line: RedisCommandLine) async {
        let arguments = line.arguments
        do throws(RedisErrorText) {
            switch action {
            case .ping: try ping(arguments)
            case .echo: out.bulk(arguments[0])
            case .time: time()
            case .quit:
                out.status("OK")
                end = .quit
            case .reset: await reset()
            case .hello: try hello(arguments)
            case .auth: try logIn(arguments)
            case .select: try select(arguments[0])
            case .client: try answerClient(line)
            case .command: try answerCommand(line)
            case .info: await info(arguments)
            case .config: try config(arguments)
            case .multi: multi()
            case .exec: await exec()
            case .discard: discard()
            case .watch: await watch(arguments)
            case .unwatch: unwatch()
            case .subscribe: await subscribe(arguments, .channels)
            case .psubscribe: await subscribe(arguments, .patterns)
            case .unsubscribe: await unsubscribe(arguments, .channels)
            case .punsubscribe: await unsubscribe(arguments, .patterns)
            }
        } catch {
            self.error(error, line.command)
        }
    }

    private func ping(_ arguments: [[UInt8]]) throws(RedisErrorText) {
        guard arguments.count <= 1 else { throw .wrongArity("ping") }
        if subscriptions.count > 0, !out.isRESP3 {
            out.array(2)
            out.bulk("pong")
            out.bulk(arguments.first ?? [])
        } else if let text = arguments.first {
            out.bulk(text)
        } else {
            out.status("PONG")
        }
    }

    private func time() {
        out.array(2)
        out.bulk(String(context.now / 1000))
        out.bulk(String(context.now % 1000 * 1000))
    }

    private func reset() async {
        transaction.close()
        await unsubscribeFromEverything()
        out.isRESP3 = false
        client.reset(isLoggedIn: users.isEmpty)
        reader.isAuthenticated = client.isLoggedIn
        out.status("RESET")
    }

    private func select(_ text: [UInt8]) throws(RedisErrorText) {
        let number = try RedisArgument.integer(text)
        guard number >= Int64(Int32.min), number <= Int64(Int32.max) else {
            throw .outOfBounds(Int64(Int32.min), Int64(Int32.max))
        }
        guard number >= 0, number < Int64(context.databases) else {
            if number > 0, !gate.permits(.keyValueDatabases) {
                throw gate.redisError(.refused(.keyValueDatabases, reason: "it has database 0 only"), .unknown)
            }
            throw .databaseOutOfRange
        }
        client.database = Int(number)
        out.status("OK")
    }
}

// MARK: - Logging in

extension RedisTranslator {
    private var users: [String: String] { session.listener.configuration.users }

    /// Source: redis src/acl.c authCommand.
    private func logIn(_ arguments: [[UInt8]]) throws(RedisErrorText) {
        guard arguments.count <= 2 else { throw .syntax }
        if arguments.count == 1 {
            guard !users.isEmpty else { throw .noPasswordSet }
            try logIn(Array("default".utf8), arguments[0])
        } else {
            try logIn(arguments[0], arguments[1])
        }
        out.status("OK")
    }

    private func logIn(_ user: [UInt8], _ password: [UInt8]) throws(RedisErrorText) {
        let name = String(decoding: user, as: UTF8.self)
        // Without users anybody is the default user, whatever the password.
        let isRight = users.isEmpty ? name == "default" : isPassword(password, of: name)
        guard isRight else { throw .wrongPassword }
        client.user = name
        client.isLoggedIn = true
        reader.isAuthenticated = true
    }

    private func isPassword(_ password: [UInt8], of user: String) -> Bool {
        // A user that does not exist takes as long as one that does.
        let known = users[user]
        let isEqual = equalInConstantTime(
            GatewayPassword.digest(of: password), GatewayPassword.digest(ofStored: known ?? ""))
        return isEqual && known != nil
    }

    /// Source: redis src/networking.c helloCommand.
    private func hello(_ arguments: [[UInt8]]) throws(RedisErrorText) {
        var version: Int64?
        if let first = arguments.first {
            let number = try RedisArgument.integer(first, or: .protocolNotAnInteger)
            guard number == 2 || number == 3 else { throw .noSuchProtocol }
            version = number
        }
        var login: (user: [UInt8], password: [UInt8])?
        var name: [UInt8]?
        var index = 1
        while index < arguments.count {
            let left = arguments.count - 1 - index
            if arguments[index].isWord("auth"), left >= 2 {
                login = (arguments[index + 1], arguments[index + 2])
                index += 2
            } else if arguments[index].isWord("setname"), left >= 1 {
                try checkClientName(arguments[index + 1])
                name = arguments[index + 1]
                index += 1
            } else {
                throw RedisErrorText(
                    bytes: Array("ERR Syntax error in HELLO option '".utf8) + arguments[index] + [0x27])
            }
            index += 1
        }
        if let login { try logIn(login.user, login.password) }
        guard client.isLoggedIn else { throw .helloNeedsLogin }
        if let name { client.name = name }
        if let version { out.isRESP3 = version == 3 }
        writeHello()
    }

    private func writeHello() {
        out.map(7)
        out.bulk("server")
        out.bulk("redis")
        out.bulk("version")
        out.bulk(Self.serverVersion)
        out.bulk("proto")
        out.integer(out.isRESP3 ? 3 : 2)
        out.bulk("id")
        out.integer(Int64(session.id))
        out.bulk("mode")
        out.bulk("standalone")
        out.bulk("role")
        out.bulk("master")
        out.bulk("modules")
        writeModules()
    }

    /// The gateway, as the module that it is to a client: Redis lists modules as name, version, path and arguments.
    ///
    /// Source: redis src/module.c addReplyLoadedModules.
    private func writeModules() {
        let arguments = ["backend", gate.backend.name, "adapter", gate.manifest.adapter]
        out.array(1)
        out.map(4)
        out.bulk("name")
        out.bulk("fairlead")
        out.bulk("ver")
        out.integer(1)
        out.bulk("path")
        out.bulk("")
        out.bulk("args")
        out.array(arguments.count)
        for argument in arguments { out.bulk(argument) }
    }

    /// The server whose commands and texts are translated; clients choose what they send by it.
    static let serverVersion: StaticString = "7.0.15"
}
