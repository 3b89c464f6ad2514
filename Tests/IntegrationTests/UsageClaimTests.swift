// What usage believes of Redis clients only where the server does: who they are, and how commands are called.

import Foundation
import TestSupport
import Testing

@testable import Usage

@Suite("what Redis applications claim", .serialized, .blocking)
struct UsageClaimTests {
    private static func applications(_ gateway: Fairlead) throws -> [[String: String]: Application] {
        let profile = try Profile(json: gateway.get("/usage").body)
        return Dictionary(uniqueKeysWithValues: profile.applications.map { ($0.identity, $0) })
    }

    private static func count(_ application: Application?, _ command: String) -> UInt64? {
        application?.features["redis.command.\(command)"]?.count
    }

    @Test(
        "a user is one once the server has accepted the login, and strangers are told apart from nobody",
        arguments: ["session", "shared"])
    func logins(mode: String) throws {
        let server = try RedisServer()
        let direct = try RawConnection(port: server.port)
        #expect(try direct.ask("ACL", "SETUSER", "ann", "on", ">secret", "~*", "&*", "+@all") == "+OK\r\n")
        let gateway = try Fairlead(to: server, backend: ["mode: \(mode)"])
        let stranger = try gateway.connect()
        for number in 0..<100 {
            let replies = try RoutedRedis.pipeline(
                stranger,
                [
                    ["AUTH", "stranger-\(number)", "x"], ["GET", "k"],
                    ["HELLO", "2", "AUTH", "ann", "wrong", "SETNAME", "stranger-\(number)"], ["GET", "k"],
                ])
            #expect(replies[0].hasPrefix("-WRONGPASS") && replies[2].hasPrefix("-WRONGPASS"))
        }
        let nobody = try Self.applications(gateway)
        #expect(Array(nobody.keys) == [[:]] && Self.count(nobody[[:]], "get") == 200)

        // Nothing of what is sent with the login belongs to nobody.
        let user = try gateway.connect()
        _ = try RoutedRedis.pipeline(user, [["AUTH", "ann", "secret"], ["SET", "k", "v"], ["INCR", "n"]])
        let named = try gateway.connect()
        _ = try RoutedRedis.pipeline(
            named, [["HELLO", "2", "AUTH", "ann", "secret", "SETNAME", "shop"], ["STRLEN", "k"]])
        // The first login is not the last.
        let late = try gateway.connect()
        _ = try RoutedRedis.pipeline(late, [["AUTH", "ann", "wrong"], ["AUTH", "ann", "secret"], ["TTL", "k"]])
        _ = try RoutedRedis.pipeline(late, [["EXISTS", "k"]])

        let all = try Self.applications(gateway)
        #expect(Set(all.keys) == [[:], ["user": "ann"], ["user": "ann", "name": "shop"]])
        let ann = all[["user": "ann"]]
        for command in ["set", "incr", "ttl", "exists"] { #expect(Self.count(ann, command) == 1, "\(command)") }
        #expect(Self.count(all[["user": "ann", "name": "shop"]], "strlen") == 1)
        for client in [stranger, user, named, late, direct] { client.close() }
    }

    @Test(
        "who may not speak yet has no name, and after RESET nobody has one", arguments: ["session", "shared"])
    func strangers(mode: String) throws {
        let server = try RedisServer(.init(password: "sesame"))
        let gateway = try Fairlead(to: server, backend: ["mode: \(mode)"])
        let stranger = try gateway.connect()
        for number in 0..<100 {
            let replies = try RoutedRedis.pipeline(
                stranger,
                [
                    ["CLIENT", "SETNAME", "stranger-\(number)"], ["HELLO", "3", "SETNAME", "s-\(number)"],
                    ["GET", "k"],
                ])
            #expect(replies.allSatisfy { $0.hasPrefix("-NOAUTH") })
        }
        #expect(try Array(Self.applications(gateway).keys) == [[:]])
        let client = try gateway.connect()
        _ = try RoutedRedis.pipeline(client, [["AUTH", "sesame"], ["CLIENT", "SETNAME", "shop"], ["SET", "k", "v"]])
        #expect(try client.ask("RESET") == "+RESET\r\n")
        #expect(try client.ask("AUTH", "sesame") == "+OK\r\n")
        #expect(try client.ask("INCR", "n") == ":1\r\n")
        let all = try Self.applications(gateway)
        #expect(Set(all.keys) == [[:], ["name": "shop"]])
        #expect(Self.count(all[["name": "shop"]], "set") == 1 && Self.count(all[["name": "shop"]], "incr") == nil)
        #expect(Self.count(all[[:]], "incr") == 1)
        for each in [stranger, client] { each.close() }
    }

    @Test("a login that is never answered holds nothing back for good")
    func unanswered() throws {
        let server = try RedisServer()
        let gateway = try Fairlead(to: server)
        let client = try gateway.connect()
        try client.send(
            RawConnection.command(["CLIENT", "REPLY", "OFF"]) + RawConnection.command(["AUTH", "ann", "x"])
                + RawConnection.command(["GET", "k"]) + RawConnection.command(["CLIENT", "REPLY", "ON"]))
        #expect(try client.reply() == "+OK\r\n")
        let all = try Self.applications(gateway)
        #expect(Array(all.keys) == [[:]] && Self.count(all[[:]], "get") == 1)
        client.close()
    }

    @Test("a user of the gateway's own is one once the gateway has let it in", arguments: ["session", "shared"])
    func doors(mode: String) throws {
        let place = try RoutedRedis(
            [], listener: ["users: { ann: secret }"], servers: .init(password: "sesame"),
            login: ", login: { user: default, password: sesame }", mode: mode)
        try Self.atTheDoor(place.gateway)
    }

    @Test("a user of a listener in front of a private backend is one once it has logged in")
    func translated() throws {
        let folder = try TemporaryFolder()
        let gateway = try Fairlead(
            yaml: """
                admin: 127.0.0.1:0
                listeners:
                  redis: { protocol: redis, listen: 127.0.0.1:0, backend: store, users: { ann: secret } }
                backends:
                  store: { adapter: embedded, options: { folder: "\(folder.file("data"))" } }

                """)
        try Self.atTheDoor(gateway)
    }

    private static func atTheDoor(_ gateway: Fairlead) throws {
        let client = try gateway.connect()
        for number in 0..<70 {
            let reply = try client.ask("AUTH", "stranger-\(number)", "secret")
            #expect(reply.hasPrefix("-WRONGPASS"))
        }
        _ = try client.ask("GET", "k")
        #expect(try client.ask("AUTH", "ann", "secret") == "+OK\r\n")
        #expect(try client.ask("SET", "k", "v") == "+OK\r\n")
        let all = try applications(gateway)
        #expect(Set(all.keys) == [[:], ["user": "ann"]])
        #expect(count(all[["user": "ann"]], "set") == 1)
        client.close()
    }

    @Test(
        "a command in no table shows its name where the server knows it, and no value does",
        arguments: ["session", "shared"])
    func names(mode: String) throws {
        let long = String(repeating: "l", count: 33)
        let server = try RedisServer(
            .init(arguments: [
                "--rename-command", "GETDEL", "house.GetDel", "--rename-command", "ECHO", "house-echo_1",
                "--rename-command", "LOLWUT", long, "--rename-command", "STRLEN", "house:strlen",
            ]))
        let gateway = try Fairlead(to: server, backend: ["mode: \(mode)"])
        let client = try gateway.connect()
        let replies = try RoutedRedis.pipeline(
            client,
            [
                ["house.getdel", "k"], ["canary-one"], ["HOUSE.GETDEL", "k"], ["canary.two", "x"],
                ["house-echo_1", "canary"], [long], ["house:strlen", "k"], ["MULTI"], ["house.getdel", "k"], ["EXEC"],
            ])
        #expect(
            replies.map { $0.hasPrefix("-ERR unknown command") } == [false, true, false, true]
                + [Bool](repeating: false, count: 6))
        // What is not answered is not believed, and throws nothing out of step.
        try client.send(
            RawConnection.command(["CLIENT", "REPLY", "SKIP"]) + RawConnection.command(["canary-three"])
                + RawConnection.command(["house-echo_1", "x"]))
        #expect(try client.reply() == "$1\r\nx\r\n")
        let application = try #require(try Self.applications(gateway)[[:]])
        let names = application.features.filter { $0.key.hasPrefix("redis.unknown.") }
        // A client of shared connections that silences replies is followed no further.
        let echoes: UInt64 = mode == "session" ? 2 : 1
        #expect(names.mapValues(\.count) == ["redis.unknown.house.getdel": 3, "redis.unknown.house-echo_1": echoes])
        #expect(names.values.allSatisfy { !$0.estimated })
        #expect(application.features["redis.command.unknown"]?.count == 10)
        #expect(try !gateway.get("/usage").body.contains("canary"))
        client.close()
    }
}
