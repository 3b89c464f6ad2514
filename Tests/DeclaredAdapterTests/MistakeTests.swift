// Mistakes in adapter files: each is told with its place, its key and what was probably meant.

import Capabilities
import Testing

@testable import DeclaredAdapter

@Suite("Mistakes in adapter files")
struct MistakeTests {
    /// A file without a mistake; each test spoils one line of it.
    static let sound = """
        adapter: house
        transport: { schemes: [tcp], port: 7070 }
        settings:
          token: { default: "" }
        framing:
          lines: { end: "\\n" }
        keys: { allowed: printable, others: percent }
        expiry: { unit: seconds, never: 0 }
        messages:
          VALUE: { line: "VALUE {size:number}", body: { value: size, end: "\\n" }, is: result }
          OK: { line: "OK", is: result }
          NONE: { line: "NONE", is: missing }
        capabilities:
          kv.get: native
          kv.set: { support: native, bounds: { value-bytes: 1MiB } }
          kv.ttl: native
        operations:
          get: { send: "GET {key}\\n" }
          set: { send: "SET {key} {expiry} {value.length}\\n{value}\\n" }
        """

    /// The problems of a file in which `from` is `to`.
    static func problems(_ from: String, _ to: String) -> [AdapterProblem] {
        let text = sound.replacing(from, with: to)
        do throws(AdapterFileError) {
            _ = try DeclaredAdapterFile.parse(text, source: "a.yaml")
            return []
        } catch {
            return error.problems
        }
    }

    @Test("a sound file has no mistake")
    func soundFile() { #expect(Self.problems("", "") == []) }

    struct Case: Sendable, CustomTestStringConvertible {
        var from: String
        var to: String
        /// What the message begins with, and what it has in it.
        var place: String
        var text: String
        var testDescription: String { "\(from) → \(to)" }
    }

    static let cases: [Case] = [
        Case(
            from: "transport:", to: "transprot:", place: "a.yaml:2:1: transprot: ",
            text: "(did you mean \"transport\"?)"),
        Case(
            from: "schemes: [tcp]", to: "schemes: [tpc]", place: "a.yaml:2:24: transport.schemes[0]: ",
            text: "(did you mean \"tcp\"?)"),
        Case(from: "port: 7070", to: "port: 70700", place: "a.yaml:2:36: transport.port: ", text: "from 1 to 65535"),
        Case(
            from: "is: missing", to: "is: mising", place: "a.yaml:12:29: messages.NONE.is: ",
            text: "(did you mean \"missing\"?)"),
        Case(
            from: "{size:number}", to: "{size:nmber}", place: "a.yaml:10:18: messages.VALUE.line: ",
            text: "{size:nmber}"),
        Case(
            from: "value: size", to: "value: sise", place: "a.yaml:10:47: messages.VALUE.body: ",
            text: "(did you mean \"size\"?)"),
        Case(
            from: "kv.get: native", to: "kv.gte: native", place: "a.yaml:14:3: capabilities.kv.gte: ",
            text: "(did you mean \"kv.get\"?)"),
        Case(
            from: "kv.ttl: native", to: "kv.ttl: natvie", place: "a.yaml:16:11: capabilities.kv.ttl: ",
            text: "(did you mean \"native\"?)"),
        Case(
            from: "value-bytes: 1MiB", to: "value-bites: 1MiB",
            place: "a.yaml:15:40: capabilities.kv.set.bounds.value-bites: ", text: "(did you mean \"value-bytes\"?)"),
        Case(
            from: "value-bytes: 1MiB", to: "value-bytes: 1MB",
            place: "a.yaml:15:53: capabilities.kv.set.bounds.value-bytes: ", text: "1MiB"),
        Case(
            from: "GET {key}", to: "GET {kye}", place: "a.yaml:18:16: operations.get.send: ",
            text: "(did you mean \"key\"?)"),
        Case(
            from: "GET {key}", to: "GET {key | base46}", place: "a.yaml:18:16: operations.get.send: ",
            text: "(did you mean \"base64\"?)"),
        Case(from: "GET {key}", to: "GET {key", place: "a.yaml:18:16: operations.get.send: ", text: "without its }"),
        Case(
            from: "\"GET {key}\\n\"", to: "\"GET {key}\"", place: "a.yaml:18:16: operations.get.send: ",
            text: "does not end with the end mark"),
        Case(
            from: "  get: {", to: "  gett: {", place: "a.yaml:18:3: operations.gett: ", text: "(did you mean \"get\"?)"),
        Case(
            from: "get: { send: \"GET {key}\\n\" }", to: "get: { send: \"GET {key}\\n\", replies: { NOEN: missing } }",
            place: "a.yaml:18:42: operations.get.replies.NOEN: ", text: "(did you mean \"NONE\"?)"),
        Case(
            from: "get: { send: \"GET {key}\\n\" }",
            to: "get: { send: \"GET {key}\\n\", replies: { OK: { is: result, if: \"sise > 1\" } } }",
            place: "a.yaml:18:64: operations.get.replies.OK.if: ", text: "(did you mean \"size\"?)"),
        Case(
            from: "{size:number}", to: "{size:number} {name=kye}", place: "a.yaml:10:18: messages.VALUE.line: ",
            text: "(did you mean \"key\"?)"),
        Case(
            from: "{size:number}", to: "{size:number} {_=key}", place: "a.yaml:10:18: messages.VALUE.line: ",
            text: "got {_=key}"),
        Case(
            from: "{size:number}", to: "{size:number} {name=key=key}", place: "a.yaml:10:18: messages.VALUE.line: ",
            text: "got {name=key=key}"),
        Case(
            from: "\"NONE\", is: missing", to: "\"NONE\", is: missing, echo: { nam: key }",
            place: "a.yaml:12:51: messages.NONE.echo.nam: ", text: "there is no field \"nam\""),
        Case(
            from: "\"NONE\", is: missing", to: "\"NONE\", is: missing, echo: { size: kye }",
            place: "a.yaml:12:52: messages.NONE.echo.size: ", text: "(did you mean \"key\"?)"),
        Case(
            from: "get: { send: \"GET {key}\\n\" }", to: "get: { send: \"GET {key}\\n\", expects: [VALUE, NOEN] }",
            place: "a.yaml:18:48: operations.get.expects[1]: ", text: "(did you mean \"NONE\"?)"),
        Case(
            from: "get: { send: \"GET {key}\\n\" }", to: "get: { send: \"GET {key}\\n\", expects: [] }",
            place: "a.yaml:18:8: operations.get: ", text: "no message answers this"),
        Case(
            from: "get: { send: \"GET {key}\\n\" }",
            to: "get: { steps: [{ send: \"GET {key}\\n\" }], expects: NONE }", place: "a.yaml:18:8: operations.get: ",
            text: "either `steps`"),
        Case(
            from: "get: { send: \"GET {key}\\n\" }", to: "get: { send: \"GET {key}\\n\", prefix: \"x:\" }",
            place: "a.yaml:18:39: operations.get.prefix: ", text: "locks, queues and sequences"),
        Case(
            from: "lines: { end: \"\\n\" }",
            to: "header: { fields: { kind: u8, size: u8 }, body: size, echo: [kidn] }",
            place: "a.yaml:6:64: framing.header.echo[0]: ", text: "(did you mean \"kind\"?)"),
        Case(
            from: "lines: { end: \"\\n\" }",
            to: "header: { fields: { kind: u8, size: u8 }, body: size, parts: { kind: rest }, echo: [kind] }",
            place: "a.yaml:6:87: framing.header.echo[0]: ", text: "a part of the body"),
        Case(
            from: "{ value: size,", to: "{ data: size,", place: "a.yaml:18:3: operations.get: ",
            text: "no message has a field of that name"),
        Case(
            from: "{value.length}", to: "12", place: "a.yaml:19:16: operations.set.send: ",
            text: "send {value.length} before it"),
        Case(
            from: "allowed: printable, others: percent", to: "allowed: any",
            place: "a.yaml:18:16: operations.get.send: ", text: "another command"),
        Case(from: "never: 0", to: "counts: from-now", place: "a.yaml:19:3: operations.set: ", text: "never: 0"),
        Case(
            from: "unit: seconds, never: 0", to: "unit: seconds, never: 0, fraction: up",
            place: "a.yaml:16:3: capabilities.kv.ttl: ", text: "whole-seconds"),
        Case(from: "  kv.get: native\n", to: "", place: "a.yaml:17:3: operations.get: ", text: "add it there"),
        Case(
            from: "kv.ttl: native", to: "kv.ttl: native\n  kv.delete: native",
            place: "a.yaml:17:3: capabilities.kv.delete: ", text: "operations has no \"delete\""),
        Case(
            from: "kv.ttl: native", to: "kv.ttl: native\n  list.blocking: native",
            place: "a.yaml:17:3: capabilities.list.blocking: ",
            text: "cannot map list.blocking: a request that waits would hold up"),
        Case(
            from: "kv.ttl: native", to: "kv.ttl: native\n  list.push: native",
            place: "a.yaml:17:3: capabilities.list.push: ", text: "no \"list.push-left\" or \"list.push-right\""),
        Case(
            from: "kv.ttl: native", to: "kv.ttl: native\n  kv.databases: native",
            place: "a.yaml:17:3: capabilities.kv.databases: ", text: "bounds: { databases: 16 }"),
        Case(
            from: "kv.ttl: native", to: "kv.ttl: native\n  kv.databases: { support: native, bounds: { databases: 2 } }",
            place: "a.yaml:19:8: operations.get: ", text: "does not say {database}"),
        Case(
            from: "  get: {",
            to: "  set.add: { send: \"ADD {key} {member}\\n\" }\n  get: {",
            place: "a.yaml:18:20: operations.set.add.send: ", text: "{member} can hold any bytes"),
        Case(
            from: "  get: {",
            to: "  set.add: { send: \"ADD {key} {member | hex}\\n\" }\n  get: {",
            place: "a.yaml:18:3: operations.set.add: ", text: "{each members}…{end}"),
        Case(
            from: "  get: {",
            to: "  set.add: { send: \"ADD {key}{each fields} {field | hex}{end}\\n\" }\n  get: {",
            place: "a.yaml:18:20: operations.set.add.send: ", text: "here it is {each members}"),
        Case(
            from: "  get: {",
            to: "  set.add: { send: \"ADD {key}{each members} {member | hex}{end}\\n\" }\n  get: {",
            place: "a.yaml:18:3: operations.set.add: ", text: "set.add gives number"),
        Case(
            from: "  get: {", to: "  get-many: { send: \"GET{each key} {key}{end}\\n\" }\n  get: {",
            place: "a.yaml:18:21: operations.get-many.send: ", text: "expected {each keys} or"),
        Case(
            from: "kv.ttl: native", to: "kv.ttl: native\n  kv.type: native\n  hash.set: native",
            place: "a.yaml:17:3: capabilities.kv.type: ", text: "map \"type\""),
        Case(
            from: "kv.get: native", to: "kv.get: ignored", place: "a.yaml:14:3: capabilities.kv.get: ",
            text: "cannot be ignored"),
        Case(
            from: "lines: { end: \"\\n\" }", to: "lines: { end: \"\\n\" }\n  http: {}", place: "a.yaml:6:3: framing: ",
            text: "exactly one framing"),
        Case(from: "adapter: house", to: "adapter: house\nadapter: home", place: "a.yaml:", text: "given twice"),
        Case(from: "adapter: house", to: "adapter: [house", place: "a.yaml:", text: "this is not YAML"),
        Case(
            from: "settings:", to: "correlation: { id: opaque }\nsettings:", place: "a.yaml:3:20: correlation.id: ",
            text: "there is no field \"opaque\""),
    ]

    @Test("every mistake has its place, its key and a word of help", arguments: cases)
    func mistakes(mistake: Case) {
        let told = Self.problems(mistake.from, mistake.to).map(\.description)
        #expect(
            told.contains { $0.hasPrefix(mistake.place) && $0.contains(mistake.text) },
            "\(told.joined(separator: "\n"))")
    }

    @Test(
        "mistakes about structures, objects and SQL are told like all others",
        arguments: [
            (
                StructureFile.hash, "hash.get: { support: native, weakenings: [not-atomic] }", "hash.get: native",
                "map \"hash.get-many\""
            ),
            (StructureFile.hash, "{each pairs}", "{each pair}", "expected {each keys} or"),
            (
                StructureFile.list, "list.move: native", "list.move: native\n  object.multipart: native",
                "with parts larger than a message"
            ),
            (
                ObjectTests.file, "X-Meta: \"{metadata}\", X-MD5: \"{md5}\"", "X-Key: \"{key}\"",
                "could hold the end of the field X-Key"
            ),
            (ObjectTests.file, "ETag | quoted", "ETag_ | quoted", "the name of a header field"),
            (ObjectTests.file, "etag: ETag | quoted, ", "", "object.get gives etag"),
            (ObjectTests.file, "  object.range: native\n", "", "object.get-range is mapped"),
            (ObjectTests.file, "bucket.create", "bucket.crate", "(did you mean \"bucket.create\"?)"),
            (SQLTests.file, ", values: [{ each parameters: \"{parameter}\" }]", "", "has {each parameters} in it"),
            (SQLTests.file, "each parameters", "each parametres", "expected {each keys} or"),
            (
                SQLTests.file, "sql.prepared: emulated", "sql.transaction: native",
                "cannot map sql.transaction: a transaction belongs"
            ),
        ])
    func familyMistakes(file: String, from: String, to: String, text: String) {
        #expect(file.contains(from))
        do throws(AdapterFileError) {
            _ = try DeclaredAdapterFile.parse(file.replacing(from, with: to), source: "a.yaml")
            Issue.record("nothing was found")
        } catch {
            #expect(error.problems.contains { $0.message.contains(text) }, "\(error)")
        }
    }

    @Test(
        "the files of the tests have no mistake",
        arguments: [
            StructureFile.hash, StructureFile.list, StructureFile.sets, ObjectTests.file, SQLTests.file,
        ])
    func soundFiles(file: String) {
        do throws(AdapterFileError) { _ = try DeclaredAdapterFile.parse(file, source: "a.yaml") } catch {
            Issue.record("\(error)")
        }
    }

    @Test("several mistakes are told at once, in the order of their places")
    func several() {
        let text = Self.sound.replacing("schemes: [tcp]", with: "schemes: [tpc]").replacing("kv.get", with: "kv.gte")
            .replacing("{key}", with: "{kye}")
        do throws(AdapterFileError) {
            _ = try DeclaredAdapterFile.parse(text, source: "a.yaml")
            Issue.record("nothing was found")
        } catch {
            #expect(error.problems.map(\.line) == error.problems.map(\.line).sorted())
            #expect(Set(error.problems.map(\.line)).isSuperset(of: [2, 14, 18, 19]))
        }
    }

    @Test("a file that is not there is one problem without a place")
    func missingFile() {
        let problems = DeclaredAdapterFile.check("/nowhere/adapter.yaml")
        #expect(problems.count == 1 && problems[0].description.hasPrefix("/nowhere/adapter.yaml: "))
    }

    @Test("a backend's options and URL are checked by name")
    func settings() throws {
        let file = try DeclaredAdapterFile.parse(Self.sound, source: "a.yaml")
        func mistake(_ url: String?, _ options: [String: String] = [:]) -> String {
            do throws(AdapterError) {
                _ = try file.makeAdapter(AdapterSettings(backend: "b", url: url, options: options))
                return ""
            } catch {
                return "\(error.key): \(error.description)"
            }
        }
        #expect(mistake("tcp://127.0.0.1:1") == "")
        #expect(mistake("tcp://127.0.0.1", ["token": "x", "connections": "2"]) == "")
        #expect(mistake(nil).hasPrefix("url: expected tcp://HOST:PORT"))
        #expect(mistake("http://127.0.0.1").hasPrefix("url: "))
        #expect(mistake("tcp://127.0.0.1", ["tokne": "x"]).contains("(did you mean \"token\"?)"))
        #expect(mistake("tcp://127.0.0.1", ["token": "a\r\nb"]).contains("control characters"))
        #expect(mistake("tcp://127.0.0.1", ["connections": "0"]).hasPrefix("options.connections: "))
    }

    @Test("a backend's times and TLS go before the file's")
    func timesAndTLS() throws {
        let file = try DeclaredAdapterFile.parse(
            Self.sound.replacing("port: 7070", with: "port: 7070, connect-timeout: 2s, reply-timeout: 3s"),
            source: "a.yaml")
        var settings = AdapterSettings(backend: "b", url: "tcp://127.0.0.1:1")
        let own = try file.makeAdapter(settings)
        #expect(own.program.transport.connectTimeout == 2_000_000_000)
        #expect(own.program.transport.replyTimeout == 3_000_000_000)
        #expect(own.endpoint.tls == nil && own.endpoint.serverName == "127.0.0.1")
        settings.connectTimeout = .milliseconds(700)
        settings.responseTimeout = .milliseconds(1500)
        settings.tls = AdapterTLS()
        settings.tls?.serverName = "house.example"
        let given = try file.makeAdapter(settings)
        #expect(given.program.transport.connectTimeout == 700_000_000)
        #expect(given.program.transport.replyTimeout == 1_500_000_000)
        #expect(given.endpoint.tls != nil && given.endpoint.serverName == "house.example")
        settings.tls?.serverName = nil
        #expect(try file.makeAdapter(settings).endpoint.serverName == "127.0.0.1")
        settings.tls?.ca = "/nowhere/ca.pem"
        #expect { try file.makeAdapter(settings) } throws: { ($0 as? AdapterError)?.key == "tls" }
        settings.tls = AdapterTLS()
        settings.options["verify"] = "no"
        #expect { try file.makeAdapter(settings) } throws: { ($0 as? AdapterError)?.key == "options.verify" }
    }
}
