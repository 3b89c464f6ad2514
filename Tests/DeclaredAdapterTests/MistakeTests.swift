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
            from: "kv.ttl: native", to: "kv.ttl: native\n  list.push: native",
            place: "a.yaml:17:3: capabilities.list.push: ", text: "cannot map list.push"),
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
}
